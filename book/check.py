"""What must be true of every page: links lead somewhere, pictures have words, nothing comes from the network."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    """Collects links, anchors, pictures and everything that a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.fetched: list[str] = []
        self.without_words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if found.get(name)}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        if tag == "link" and found.get("rel") != "canonical":
            self.fetched.append(found.get("href", ""))
        if found.get("src"):
            self.fetched.append(found["src"])
        if tag == "img" and not found.get("alt", "").strip() and found.get("aria-hidden") != "true":
            self.without_words.append(found.get("src", "")[:60])


def problems(site: Path) -> list[str]:
    """A sentence for every broken link, picture without alt text, and file that a page would fetch from elsewhere.

    Args:
        site: a folder of HTML pages.
    """
    files = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]  # there, a theme's templates
    pages = {path.resolve(): _read(path) for path in files}
    found = []
    for path, page in pages.items():
        name = path.relative_to(site.resolve()).as_posix()
        found += [f"{name}: a picture has no alt text: {source}" for source in page.without_words]
        for link in [*page.links, *page.fetched]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.fetched and parts.scheme != "data":
                    found.append(f"{name}: would fetch {link}")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                found.append(f"{name}: {link} leads nowhere")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                found.append(f"{name}: {link} names a place that is not there")
    return list(dict.fromkeys(found))


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page
