"""What tests read back off a figure."""

import matplotlib


def texts(figure):
    """All words in a figure."""
    figure.draw_without_rendering()
    found = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    return " | ".join(text for text in found if text)


def all_inside(figure):
    """Whether everything that is drawn lies inside the figure, to a fiftieth of an inch."""
    figure.draw_without_rendering()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    return min(drawn.x0, drawn.y0) >= -0.02 and drawn.x1 <= width + 0.02 and drawn.y1 <= height + 0.02
