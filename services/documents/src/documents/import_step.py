"""ImportStep: a stretch of a file that an import has dealt with, and what an undo takes back."""

from banyan.documents.v1 import import_step_pb2

from chassis.resources import Noun

IMPORT_STEP = Noun(
    import_step_pb2.ImportStep,
    without={
        "Create": "an import notes what it has done",
        "Update": "what was done was done",
        "Delete": "an undo removes the steps it has taken back",
    },
)
