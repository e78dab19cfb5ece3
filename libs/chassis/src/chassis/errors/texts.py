"""Sentences for people: a reason becomes a text in their language.

The texts come from ``protos/labels/<language>.yaml`` and are shipped in the ``banyan`` stubs.
"""

import functools
import json
from collections.abc import Mapping
from importlib import resources

DEFAULT_LANGUAGE = "en"


@functools.cache
def labels(language: str) -> Mapping[str, dict[str, str]]:
    """Give all labels of a language, by section (``reasons``, ``nouns``, ``fields``, ...)."""
    file = resources.files("banyan").joinpath("labels").joinpath(f"{language}.json")
    return json.loads(file.read_text(encoding="utf-8"))


@functools.cache
def languages() -> tuple[str, ...]:
    """List the languages the product speaks."""
    folder = resources.files("banyan").joinpath("labels")
    return tuple(sorted(file.name.removesuffix(".json") for file in folder.iterdir()))


def sentence(reason: str, metadata: Mapping[str, str], language: str = DEFAULT_LANGUAGE) -> str:
    """Say a reason in a language; falls back to English, then to the reason itself."""
    for candidate in (language, DEFAULT_LANGUAGE):
        if candidate in languages():
            text = labels(candidate).get("reasons", {}).get(reason)
            if text is not None:
                return text.format_map(_Lenient(metadata))
    return reason


class _Lenient(dict[str, str]):
    """Leaves a placeholder in place when its value is missing: an error must not fail."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
