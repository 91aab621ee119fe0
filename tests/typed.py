"""What mypy does not see by itself: dataclasses.replace() takes no msgspec Struct when it runs."""

from collections.abc import Callable

from mypy.plugin import FunctionContext, Plugin
from mypy.types import Instance, Type, UnionType, get_proper_type


class StructReplaced(Plugin):
    """Finds each call of dataclasses.replace() with a Struct, which needs msgspec.structs.replace()."""

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """Have every call of that function looked at."""
        return _look if fullname == "dataclasses.replace" else None


def _look(call: FunctionContext) -> Type:
    given = get_proper_type(call.arg_types[0][0])
    for one in given.items if isinstance(given, UnionType) else (given,):
        kind = get_proper_type(one)
        if isinstance(kind, Instance) and kind.type.has_base("msgspec.Struct"):
            call.api.fail(f"dataclasses.replace() with the Struct {kind.type.name}", call.context)
    return call.default_return_type


def plugin(_version: str) -> type[Plugin]:
    """Give mypy the plugin."""
    return StructReplaced
