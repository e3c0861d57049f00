"""Reading templates and writing generated files."""

from pathlib import Path
from string import Template

TEMPLATES = Path(__file__).parent / "templates"


class FileTemplate(Template):
    """A template file whose marks read @{mark}: `$` and `%` are common in what we generate, `@{` is not."""

    delimiter = "@"


def fill(template: str, **marks: object) -> str:
    """The text of templates/`template` with every mark replaced; a mark without a value is an error."""
    return FileTemplate((TEMPLATES / template).read_text(encoding="utf-8")).substitute(marks)


def write_if_changed(path: Path, text: str) -> None:
    """Leaves the file and its time alone where the text is already there, so that nothing is rebuilt."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
