"""House rules that ruff, pyright and import-linter cannot say.

Every rule is a small function from a `File` (or from the whole tree) to findings. A finding says
where (path:line) and what to do. No rule changes anything; none needs a server or the network.
"""

from house import sizes
from house.checks import check_files, check_tree, services_of
from house.files import File, Finding, files_of

__all__ = ["File", "Finding", "check_files", "check_tree", "files_of", "services_of", "sizes"]
