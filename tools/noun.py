"""Draft the proto of a new noun, header and standard verbs included.

Example: make noun NOUN=sales.Pipeline

What is left to write are its own fields (from 11), its business verbs and its labels.
"""

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

PROTOS = Path(__file__).resolve().parent.parent / "protos"
VERBS = (
    *("Get", "List", "Create", "BatchCreate", "Update", "Delete", "Undelete"),
    *("Share", "Unshare", "Summarize"),
)
# Verbs whose request is the same for every noun.
_COMMON = {"Share", "Unshare", "Summarize"}
_HEADER = """\
  string id = 1;
  string external_id = 2;
  string etag = 3;
  google.protobuf.Timestamp create_time = 4;
  google.protobuf.Timestamp update_time = 5;
{delete_time}\
  string creator_user_id = 7 [(google.api.resource_reference).type = "identity.banyan/User"];
  string owner_user_id = 8 [(google.api.resource_reference).type = "identity.banyan/User"];
  string org_unit_id = 9 [(google.api.resource_reference).type = "identity.banyan/OrgUnit"];
"""
_FIELDS = "  string name = 11 [(google.api.field_behavior) = REQUIRED];\n"


@dataclass(frozen=True)
class Draft:
    """What the text is filled with."""

    service: str
    noun: str
    plural: str
    verbs: tuple[str, ...] = tuple(
        verb for verb in VERBS if verb not in ("BatchCreate", "Summarize")
    )

    @property
    def one(self) -> str:
        """Give the noun in snake_case."""
        return snake(self.noun)

    @property
    def many(self) -> str:
        """Give the plural in snake_case."""
        return snake(self.plural)

    @property
    def collection(self) -> str:
        """Give the plural as addresses have it."""
        return self.plural[0].lower() + self.plural[1:]

    @property
    def soft_delete(self) -> bool:
        """Tell whether a delete keeps the row."""
        return "Undelete" in self.verbs


def snake(name: str) -> str:
    """Turn OrgUnit into org_unit."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def text(draft: Draft) -> str:
    """Write the whole file."""
    body = "".join((_service(draft), _message(draft), _requests(draft)))
    imports = {
        "banyan/api/v1/options.proto": "banyan.api.v1.",
        "banyan/api/v1/batch.proto": "banyan.api.v1.RowError",
        "banyan/api/v1/share.proto": "banyan.api.v1.Share",
        "banyan/api/v1/summary.proto": "banyan.api.v1.Summarize",
        "banyan/type/v1/money.proto": "banyan.type.v1.Money",
        "buf/validate/validate.proto": "buf.validate.",
        "google/api/annotations.proto": "google.api.http",
        "google/api/field_behavior.proto": "google.api.field_behavior",
        "google/api/resource.proto": "google.api.resource",
        "google/protobuf/duration.proto": "google.protobuf.Duration",
        "google/protobuf/field_mask.proto": "google.protobuf.FieldMask",
        "google/protobuf/struct.proto": "google.protobuf.Struct",
        "google/protobuf/timestamp.proto": "google.protobuf.Timestamp",
        "google/type/date.proto": "google.type.Date",
        "google/type/decimal.proto": "google.type.Decimal",
    }
    needed = {file for file, mark in imports.items() if mark in body}
    used = "".join(f'import "{file}";\n' for file in sorted(needed))
    return f'syntax = "proto3";\n\npackage banyan.{draft.service}.v1;\n\n{used}\n{body}'


def _service(d: Draft) -> str:
    one, path = d.one, f"/v1/{d.collection}"
    rules = {
        "Get": ("Get" + d.noun, d.noun, f'{{get: "{path}/{{id}}"}}'),
        "List": (f"List{d.plural}", f"List{d.plural}Response", f'{{get: "{path}"}}'),
        "Create": ("Create" + d.noun, d.noun, _rule("post", path, one)),
        "BatchCreate": (
            f"BatchCreate{d.plural}",
            f"BatchCreate{d.plural}Response",
            _rule("post", f"{path}:batchCreate", "*"),
        ),
        "Update": ("Update" + d.noun, d.noun, _rule("patch", f"{path}/{{{one}.id}}", one)),
        "Delete": ("Delete" + d.noun, d.noun, f'{{delete: "{path}/{{id}}"}}'),
        "Undelete": ("Undelete" + d.noun, d.noun, _rule("post", f"{path}/{{id}}:undelete", "*")),
        "Share": ("Share" + d.noun, d.noun, _rule("post", f"{path}/{{id}}:share", "*")),
        "Unshare": ("Unshare" + d.noun, d.noun, _rule("post", f"{path}/{{id}}:unshare", "*")),
        "Summarize": (
            f"Summarize{d.plural}",
            "banyan.api.v1.SummarizeResponse",
            f'{{get: "{path}:summarize"}}',
        ),
    }
    lines = ["// What it is.\n", f"service {d.noun}Service {{\n"]
    for verb in (v for v in VERBS if v in d.verbs):
        name, reply, rule = rules[verb]
        request = f"banyan.api.v1.{verb}Request" if verb in _COMMON else f"{name}Request"
        lines.append(
            f"  rpc {name}({request}) returns ({reply}) {{\n"
            f"    option (google.api.http) = {rule};\n"
            "    option (banyan.api.v1.method) = {access: ACCESS_USER};\n  }\n"
        )
    return "".join((*lines, "}\n\n"))


def _rule(verb: str, path: str, body: str) -> str:
    return f'{{\n      {verb}: "{path}"\n      body: "{body}"\n    }}'


def _message(d: Draft) -> str:
    deleted = "  google.protobuf.Timestamp delete_time = 6;\n" if d.soft_delete else ""
    soft = "    soft_delete: true\n" if d.soft_delete else ""
    shares = (
        ""
        if "Share" not in d.verbs
        else (
            "  repeated banyan.api.v1.Share shares = 100 "
            "[(google.api.field_behavior) = OUTPUT_ONLY];\n"
        )
    )
    return (
        f"message {d.noun} {{\n"
        "  option (google.api.resource) = {\n"
        f'    type: "{d.service}.banyan/{d.noun}"\n'
        f'    pattern: "{d.collection}/{{{d.one}}}"\n'
        f'    singular: "{d.one}"\n'
        f'    plural: "{d.many}"\n'
        "  };\n"
        "  option (banyan.api.v1.noun) = {\n"
        f'    title: "name"\n{soft}  }};\n\n'
        f"  // What every noun begins with.\n\n{_HEADER.format(delete_time=deleted)}"
        f"  google.protobuf.Struct custom_fields = 10;\n{shares}\n{_FIELDS}}}\n"
    )


def _requests(d: Draft) -> str:
    id_ = "  string id = 1 [(buf.validate.field).string.uuid = true];\n"
    record = f"  {d.noun} {d.one} = 1 [(buf.validate.field).required = true];\n"
    deleted = "  bool show_deleted = 7;\n" if d.soft_delete else ""
    only = "  // Only checks: nothing is written, and the answer is what it would be (AIP-163).\n"
    found = {
        "Get": {f"Get{d.noun}Request": f"{id_}  google.protobuf.FieldMask read_mask = 2;\n"},
        "List": {
            f"List{d.plural}Request": (
                "  int32 page_size = 1;\n  string page_token = 2;\n  string filter = 3;\n"
                "  string order_by = 4;\n  google.protobuf.FieldMask read_mask = 5;\n"
                f"  bool include_total_size = 6;\n{deleted}"
            ),
            f"List{d.plural}Response": (
                f"  repeated {d.noun} {d.many} = 1;\n  string next_page_token = 2;\n"
                "  int32 total_size = 3;\n  bool total_size_is_lower_bound = 4;\n"
            ),
        },
        "Create": {f"Create{d.noun}Request": f"{record}  string request_id = 2;\n"},
        "BatchCreate": {
            f"BatchCreate{d.plural}Request": (
                f"  // At most 1,000.\n  repeated Create{d.noun}Request requests = 1;\n"
                f"  string request_id = 2;\n{only}  bool validate_only = 3;\n"
                "  // What counts as there while it is only checked: records that would be made"
                " before these.\n"
                "  repeated banyan.api.v1.AssumedRecord assumed_records = 4;\n"
            ),
            f"BatchCreate{d.plural}Response": (
                f"  // What was written, in the order of the request.\n"
                f"  repeated {d.noun} {d.many} = 1;\n"
                "  // What was refused, and why.\n  repeated banyan.api.v1.RowError errors = 2;\n"
            ),
        },
        "Update": {
            f"Update{d.noun}Request": (
                f"{record}  google.protobuf.FieldMask update_mask = 2;\n  string request_id = 3;\n"
                f"{only}  bool validate_only = 4;\n"
            )
        },
        "Delete": {
            f"Delete{d.noun}Request": f"{id_}  string etag = 2;\n  string request_id = 3;\n"
        },
        "Undelete": {
            f"Undelete{d.noun}Request": f"{id_}  string etag = 2;\n  string request_id = 3;\n"
        },
    }
    return "".join(
        f"\nmessage {name} {{\n{fields}}}\n"
        for verb in VERBS
        if verb in d.verbs
        for name, fields in found.get(verb, {}).items()
    )


def main() -> None:
    """Write the file of a new noun, never over an existing one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("noun", help="sales.Pipeline")
    parser.add_argument("--plural", default="", help="where it is not the noun and an s")
    given = parser.parse_args()
    service, _, noun = given.noun.partition(".")
    draft = Draft(service, noun, given.plural or f"{noun}s")
    path = PROTOS / "banyan" / service / "v1" / f"{draft.one}.proto"
    if path.exists():
        sys.exit(f"{path} exists")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(draft))
    print(f"drafted {path}: add its fields and labels, then `make proto`")


if __name__ == "__main__":
    main()
