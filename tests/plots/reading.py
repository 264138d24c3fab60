"""What tests read back off a figure."""

import matplotlib


def texts(figure):
    """All words in a figure."""
    figure.draw_without_rendering()
    found = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    return " | ".join(text for text in found if text)
