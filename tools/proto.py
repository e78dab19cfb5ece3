"""Generate libs/api from protos/: Python messages, typed stubs, labels, comments.

`--check` generates into a scratch folder and fails when the committed code differs.
"""

import argparse
import filecmp
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
STUBS = ROOT / "libs" / "api" / "src"
SITE = Path(sysconfig.get_paths()["purelib"])


def validate_descriptors() -> descriptor_pb2.FileDescriptorSet:
    """Give buf/validate/validate.proto and its imports; only the protovalidate wheel carries it."""
    from protovalidate._gen.buf.validate import validate_pb  # private, so a test pins it

    known = descriptor_pb2.FileDescriptorSet()
    for module in (descriptor_pb2, duration_pb2, timestamp_pb2, field_mask_pb2):
        module.DESCRIPTOR.CopyToProto(known.file.add())
    raw = validate_pb.Rule.desc().file.proto.to_binary()
    known.file.append(descriptor_pb2.FileDescriptorProto.FromString(raw))
    return known


def sources() -> list[str]:
    """List the product's .proto files, relative to protos/."""
    return sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))


def protoc(*arguments: str, scratch: Path) -> None:
    """Run the locked compiler with every include path set."""
    known = scratch / "validate.binpb"
    known.write_bytes(validate_descriptors().SerializeToString())
    subprocess.run(
        [
            *(sys.executable, "-m", "grpc_tools.protoc", f"--descriptor_set_in={known}"),
            *(f"-I{PROTOS}", f"-I{SITE}", f"-I{SITE / 'grpc_tools' / '_proto'}"),
            *arguments,
        ],
        check=True,
        env=os.environ | {"PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}"},
    )


def generate(target: Path) -> None:
    """Write messages, stubs, labels and comments for every source into `target`."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        outputs = (f"--python_out={target}", f"--mypy_out=quiet:{target}")
        grpc = (f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}")
        protoc(*outputs, *sources(), "buf/validate/validate.proto", scratch=scratch)
        protoc(*grpc, *(s for s in sources() if has_service(s)), scratch=scratch)
    (target / "banyan" / "py.typed").touch()
    text = json.dumps(comments(), ensure_ascii=False, indent=1, sort_keys=True)
    (target / "banyan" / "comments.json").write_text(text + "\n", encoding="utf-8")
    for language in sorted((PROTOS / "labels").glob("*.yaml")):
        labels = yaml.safe_load(language.read_text(encoding="utf-8"))
        path = target / "banyan" / "labels" / f"{language.stem}.json"
        path.parent.mkdir(exist_ok=True)
        text = json.dumps(labels, ensure_ascii=False, indent=1, sort_keys=True)
        path.write_text(text + "\n", encoding="utf-8")


def comments() -> dict[str, str]:
    """Give what the sources say of messages, fields, enums and methods, by full name."""
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.binpb"
        image(path)
        files = descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes()).file
    ours = set(sources())
    for file in files:
        for place in file.source_code_info.location if file.name in ours else ():
            text = place.leading_comments or place.trailing_comments
            if text and (name := named(file, place.path)):
                paragraphs = text.strip().split("\n\n")
                found[name] = "\n\n".join(" ".join(p.split()) for p in paragraphs)
    return found


def named(file: Any, path: Sequence[int]) -> str:
    """Give the full name of what stands at a path of a file; "" when it has none."""
    node, name, steps = file, file.package, iter(path)
    for number in steps:
        index = next(steps, None)
        parts = getattr(node, node.DESCRIPTOR.fields_by_number[number].name)
        if index is None or not hasattr(parts, "__getitem__"):
            return ""
        node = parts[index]
        if not hasattr(node, "name"):
            return ""
        name = f"{name}.{node.name}"
    return name if path else ""


def has_service(source: str) -> bool:
    """Tell whether a file defines a gRPC service."""
    return "\nservice " in (PROTOS / source).read_text(encoding="utf-8")


def image(path: Path) -> None:
    """Write the compiled descriptors with comments, for lint, breaking checks and docs."""
    with tempfile.TemporaryDirectory() as folder:
        protoc(
            *("--include_imports", "--include_source_info", f"--descriptor_set_out={path}"),
            *sources(),
            scratch=Path(folder),
        )


def differences(left: Path, right: Path) -> list[str]:
    """Name the files that differ between two generated trees."""
    kept = {"__pycache__"}
    names = {
        path.relative_to(tree)
        for tree in (left, right)
        for path in tree.rglob("*")
        if path.is_file() and not kept & set(path.parts)
    }
    return sorted(
        str(name)
        for name in names
        if not (left / name).is_file()
        or not (right / name).is_file()
        or not filecmp.cmp(left / name, right / name, shallow=False)
    )


def main() -> int:
    """Generate, or with --check compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--image", type=Path, help="only write the descriptor image here")
    options = parser.parse_args()
    if options.image:
        image(options.image)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(fresh)
        stale = differences(fresh, STUBS)
        if options.check:
            for name in stale:
                print(f"libs/api/src/{name} is not what protos/ say: run `make proto`")
            return 1 if stale else 0
        shutil.rmtree(STUBS)
        shutil.copytree(fresh, STUBS)
        print(f"libs/api: {len(stale)} files changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
