"""Variables of users as JSON, and back."""

from typing import Any

from sim_backend.tsp.objects import Column, Function, Node, Script, Table, Value

# A table inside itself, or one deeper than this, is remembered as nil.
_DEEPEST = 16


def packed(value: Value, depth: int = 0) -> Any:
    """Something JSON can hold."""
    if isinstance(value, Table):
        if depth >= _DEEPEST:
            return None
        return {"table": [[key, packed(item, depth + 1)] for key, item in value.fields.items()]}
    if isinstance(value, Script):
        return {"script": value.source}
    if isinstance(value, Node | Function | Column):
        return {"path": value.path}
    return value


def unpacked(value: Any, root: Node) -> Value:
    """What `packed` was given; parts of the instrument are found under `root` again."""
    if not isinstance(value, dict):
        return value
    if "table" in value:
        table = Table()
        table.fields = {key: unpacked(item, root) for key, item in value["table"]}
        return table
    if "script" in value:
        return Script(value["script"])
    found: Value = root
    for name in value["path"].split("."):
        found = found.get(name)
    return found
