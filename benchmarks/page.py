"""Tables that a benchmark writes into a page of the documentation."""

from pathlib import Path


def write_table(text: str, what: str, page: Path) -> None:
    """Put a table between its two marks, `<!-- what -->` and `<!-- end of what -->`."""
    begin, end = f"<!-- {what} -->", f"<!-- end of {what} -->"
    before, mark, rest = page.read_text(encoding="utf-8").partition(begin)
    if not mark:
        raise SystemExit(f"{page} has no line {begin}")
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
