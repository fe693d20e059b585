"""graphql-core's executor without the detours that a plain attribute never needs.

Most fields of a catalogue are scalars read off a record. For those, building resolve info and arguments costs many
times the reading; here they are read and coerced at once, and plain objects and lists of them are gone into directly.
Anything out of the ordinary (a null, a bad value, a resolver, arguments, an abstract type) goes the usual way, so that
answers and errors are graphql-core's own. It halves the time of a page of products.
"""

from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    Undefined,
    get_nullable_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path

from local.sandbox.resolvers.registry import snake

if TYPE_CHECKING:
    from collections.abc import Callable


class _Step:
    """One field of a selection: how it may be read quickly, if it may."""

    __slots__ = ("attribute", "coerce", "details", "key", "kind", "listed", "name", "type")

    def __init__(self, key: str, details: FieldDetailsList, field: GraphQLField | None) -> None:
        self.key = key
        self.details = details
        self.name = details[0].node.name.value
        self.attribute = snake(self.name)
        self.coerce: Callable[[Any], Any] | None = None
        self.kind: GraphQLObjectType | None = None
        self.listed = False
        if field and not field.args and not field.resolve:
            self._prepare(field.type)

    def _prepare(self, field_type: GraphQLOutputType) -> None:
        self.type = field_type
        inner = get_nullable_type(field_type)
        if isinstance(inner, GraphQLList) and isinstance(inner.of_type, GraphQLNonNull):
            self.listed, inner = True, inner.of_type.of_type
        if isinstance(inner, GraphQLObjectType):
            self.kind = inner
        elif isinstance(inner, GraphQLScalarType | GraphQLEnumType) and not self.listed:
            self.coerce = inner.coerce_output_value


class QuickExecutor(Executor[None]):
    """For `execute_sync(..., executor_class=QuickExecutor)`; no field is ever awaited here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[int, tuple[GroupedFieldSet, list[_Step]]] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: None,
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        mapped = type(source_value) is dict
        for step in self._plan(parent_type, grouped_field_set):
            if step.coerce or step.kind:
                value = source_value.get(step.name) if mapped else getattr(source_value, step.attribute, None)
                if value is not None and self._quickly(step, value, found, path, parent_type):
                    continue
            field_path = Path(path, step.key, parent_type.name)
            result = self.execute_field(parent_type, source_value, step.details, field_path, position_context)
            if result is not Undefined:
                found[step.key] = result
        return found

    def _quickly(
        self,
        step: _Step,
        value: Any,
        found: dict[str, Any],
        path: Path | None,
        parent_type: GraphQLObjectType,
    ) -> bool:
        """Put the field's answer in place; False if it must go the usual way."""
        if step.kind is None:
            try:
                found[step.key] = step.coerce(value)  # type: ignore[misc]
            except Exception:  # noqa: BLE001 - whatever it is, the usual way reports it
                return False
            return True
        field_path = Path(path, step.key, parent_type.name)
        try:
            found[step.key] = self._inside(step, step.kind, value, field_path)
        except Exception as error:  # noqa: BLE001 - as in the class above
            self.handle_field_error(error, step.type, step.details, field_path)
            found[step.key] = None
        return True

    def _inside(self, step: _Step, kind: GraphQLObjectType, value: Any, path: Path) -> Any:
        go_into = self.collect_and_execute_subfields
        if not step.listed:
            return go_into(kind, step.details, path, value, None)
        return [go_into(kind, step.details, Path(path, at, None), item, None) for at, item in enumerate(value)]

    def _plan(self, parent_type: GraphQLObjectType, grouped_field_set: GroupedFieldSet) -> list[_Step]:
        """Worked out once for each selection, which the class above keeps for the whole execution."""
        known = self._plans.get(id(grouped_field_set))
        if known is None:
            get = self.schema.get_field
            fields = grouped_field_set.items()
            steps = [_Step(key, details, get(parent_type, details[0].node.name.value)) for key, details in fields]
            known = self._plans[id(grouped_field_set)] = (grouped_field_set, steps)
        return known[1]
