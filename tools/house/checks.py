"""All rules together: per file, and for the tree as a whole."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from house import marks, places, sizes
from house.files import File, Finding
from house.labels import load_contract, missing_labels
from house.reasons import misshaped_reasons

FILE_RULES: tuple[Callable[[File], Iterator[Finding]], ...] = (
    sizes.long_functions,
    sizes.long_file,
    places.grab_bag_names,
    places.stray_commits,
    places.stray_prints,
    places.hosting_questions,
    places.shipped_testing,
    places.design_mentions,
    marks.blanket_ignores,
    marks.unfinished_work,
    marks.silent_skips,
    marks.registry_names,
    marks.secrets,
)


def check_files(files: Iterable[File], services: Sequence[str]) -> list[Finding]:
    """Hold each file against the rules that need nothing but the file.

    Args:
        files: what is looked at.
        services: the names of all services, which may not import each other.
    """
    found: list[Finding] = []
    for file in files:
        found += chain.from_iterable(rule(file) for rule in FILE_RULES)
        found += places.foreign_services(file, services)
    return sorted(found)


def check_tree(files: Sequence[File], services: Sequence[str]) -> list[Finding]:
    """Hold the tree against the rules that need all of it: labels, reasons, import contracts.

    Raises:
        ImportError: the chassis or the stubs cannot be imported.
    """
    contract = load_contract()
    pyproject = next((file.text for file in files if file.path == "pyproject.toml"), "")
    found = list(places.unguarded_services(services, pyproject))
    for file in files:
        found += misshaped_reasons(file, contract.error_classes)
    found += missing_labels(files, contract)
    return found


def services_of(files: Iterable[File]) -> list[str]:
    """Name the services of the tree: the folders of services/ that can be installed."""
    return sorted(
        {
            file.parts[1]
            for file in files
            if file.parts[0] == "services" and file.parts[2:] == ("pyproject.toml",)
        }
    )
