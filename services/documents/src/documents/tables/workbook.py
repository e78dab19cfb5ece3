"""What a workbook says about itself: its sheets, texts and formats, and whom it is tied to."""

import posixpath
from dataclasses import dataclass

from chassis import errors
from documents.tables.archive import Archive, Attributes, local, xml_parser
from documents.tables.escapes import unescaped
from documents.tables.serials import NumberFormat, built_in_format, format_of
from documents.tables.source import Source
from documents.tables.table import Hints

_CONTENT_TYPES = "[Content_Types].xml"
_EXTERNAL_LINKS = "xl/externallinks/"
_SHARED_TEXTS_MAX = 5_000_000


@dataclass(frozen=True)
class Sheet:
    """One sheet with cells."""

    name: str
    part: str
    shown: bool


@dataclass(frozen=True)
class _Relation:
    kind: str
    target: str


class Workbook:
    """The parts of a workbook that all its sheets need.

    Attributes:
        sheets: those with cells, in the workbook's order.
        from_1904: day numbers count from 1904.
        texts: the shared texts, by number.
        formats: what a cell's style number means.
    """

    def __init__(self, archive: Archive, source: Source) -> None:
        self.archive = archive
        self._source = source
        self._part = self._main_part()
        self._relations = _relations(archive, self._part)
        self._refuse_external_links()
        self.from_1904 = False
        self.sheets: list[Sheet] = []
        archive.describe(self._part, self._describe)
        if not self.sheets:
            raise source.damaged("no sheet")
        self.formats = _formats(archive, self._related("styles"))
        self.texts = self._shared_texts()

    def sheet(self, hints: Hints) -> Sheet:
        """Give the sheet that is asked for, else the first that is shown.

        Raises:
            Invalid: SHEET_NOT_FOUND.
        """
        if hints.sheet is None:
            return next((sheet for sheet in self.sheets if sheet.shown), self.sheets[0])
        wanted = hints.sheet.casefold()
        for sheet in self.sheets:
            if sheet.name.casefold() == wanted:
                return sheet
        names = ", ".join(sheet.name for sheet in self.sheets)
        raise errors.Invalid("SHEET_NOT_FOUND", sheet=hints.sheet, sheets=names)

    def _main_part(self) -> str:
        """Find the workbook in the archive.

        Raises:
            Invalid: FORMAT_UNKNOWN for archives of another kind (documents, OpenDocument, xlsb).
        """
        types: dict[str, str] = {}

        def add(element: str, attributes: Attributes) -> None:
            if element == "Override":
                part = attributes.get("PartName", "").lstrip("/")
                types[part] = attributes.get("ContentType", "")

        self.archive.describe(_CONTENT_TYPES, add)
        for relation in _relations(self.archive, "").values():
            if relation.kind == "officeDocument" and _is_workbook(types.get(relation.target, "")):
                return relation.target
        raise errors.Invalid("FORMAT_UNKNOWN", file=self._source.name)

    def _refuse_external_links(self) -> None:
        tied = any(relation.kind == "externalLink" for relation in self._relations.values())
        if tied or any(name.lower().startswith(_EXTERNAL_LINKS) for name in self.archive.names()):
            raise external_links_refused(self._source)

    def _describe(self, name: str, attributes: Attributes) -> None:
        if name == "workbookPr":
            self.from_1904 = attributes.get("date1904") in ("1", "true", "on")
        elif name == "sheet":
            relation = self._relations.get(attributes.get("id", ""))
            if relation is not None and relation.kind == "worksheet":
                shown = attributes.get("state", "visible") == "visible"
                self.sheets.append(Sheet(attributes.get("name", ""), relation.target, shown))

    def _related(self, kind: str) -> str:
        found = (one.target for one in self._relations.values() if one.kind == kind)
        return next(found, "")

    def _shared_texts(self) -> list[str]:
        part = self._related("sharedStrings")
        if part not in self.archive.names():
            return []
        texts = _Texts(self._source)
        parser = xml_parser()
        parser.StartElementHandler = texts.start
        parser.EndElementHandler = texts.end
        texts.parser = parser
        for _ in self.archive.parse(part, parser):
            pass
        return texts.found


class _Texts:
    """Collects the shared texts; formatted pieces are joined, readings (furigana) left out."""

    def __init__(self, source: Source) -> None:
        self.found: list[str] = []
        self.parser = xml_parser()
        self._source = source
        self._pieces: list[str] = []
        self._reading = False

    def start(self, name: str, _: Attributes) -> None:
        """See an element begin."""
        name = local(name)
        if name == "t" and not self._reading:
            self.parser.CharacterDataHandler = self._pieces.append
        elif name == "si":
            self._pieces.clear()
        elif name == "rPh":
            self._reading = True

    def end(self, name: str) -> None:
        """See an element end."""
        name = local(name)
        if name == "t":
            self.parser.CharacterDataHandler = None
        elif name == "si":
            self.found.append(unescaped("".join(self._pieces)))
            if len(self.found) > _SHARED_TEXTS_MAX:
                raise errors.Invalid(
                    "TOO_MANY_TEXTS", file=self._source.name, limit=_SHARED_TEXTS_MAX
                )
        elif name == "rPh":
            self._reading = False


def external_links_refused(source: Source) -> errors.Invalid:
    """Give the error for a workbook whose values come from elsewhere."""
    return errors.Invalid("EXTERNAL_LINKS_REFUSED", file=source.name)


def _is_workbook(content_type: str) -> bool:
    return content_type.endswith(".main+xml") and any(
        family in content_type for family in ("spreadsheetml", "ms-excel")
    )


def _relations(archive: Archive, part: str) -> dict[str, _Relation]:
    """Give what a part refers to, by id; the archive as a whole is the part without a name."""
    folder, name = posixpath.split(part)
    found: dict[str, _Relation] = {}

    def add(element: str, attributes: Attributes) -> None:
        if element == "Relationship":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
            kind = attributes.get("Type", "").rpartition("/")[2]
            found[attributes.get("Id", "")] = _Relation(kind, target.lstrip("/"))

    archive.describe(posixpath.join(folder, "_rels", f"{name}.rels"), add)
    return found


def _formats(archive: Archive, part: str) -> list[NumberFormat]:
    """Read what each style shows a number as."""
    codes: dict[int, str] = {}
    formats: list[NumberFormat] = []
    section = ""

    def add(element: str, attributes: Attributes) -> None:
        nonlocal section
        if element in ("cellXfs", "cellStyleXfs", "dxfs", "numFmts"):
            section = element
        elif element == "numFmt" and section == "numFmts":
            codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif element == "xf" and section == "cellXfs":
            formats.append(_format(int(attributes.get("numFmtId", "0")), codes))

    archive.describe(part, add)
    return formats


def _format(number: int, codes: dict[int, str]) -> NumberFormat:
    return format_of(codes[number]) if number in codes else built_in_format(number)
