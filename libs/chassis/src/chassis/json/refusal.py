"""What a decoder raises: every wrong field below the point it stands at."""

from chassis.errors import FieldViolation


class Refused(Exception):
    """Wrong input, as (path from here, reason, metadata) per field."""

    def __init__(self, problems: list[tuple[str, str, dict[str, str]]]) -> None:
        self.problems = problems
        super().__init__(problems)

    @classmethod
    def one(cls, reason: str, **metadata: object) -> "Refused":
        """Refuse the value that stands here."""
        return cls([("", reason, {key: str(value) for key, value in metadata.items()})])

    def below(self, name: str) -> list[tuple[str, str, dict[str, str]]]:
        """Give the problems as seen from one level up, where this value is called `name`."""
        return [
            (f"{name}.{path}" if path and not path.startswith("[") else name + path, reason, data)
            for path, reason, data in self.problems
        ]

    def violations(self, prefix: str) -> list[FieldViolation]:
        """Give the problems with their full paths."""
        placed = self.below(prefix) if prefix else self.problems
        return [FieldViolation(path, reason, metadata=data) for path, reason, data in placed]
