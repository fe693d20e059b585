"""Cuts Shopify's whole Admin schema down to what the project asks for and the sandbox answers.

    python -m local.schema.cut FULL OUT.graphql

FULL is SDL (`.graphql`, `.graphql.gz`) or introspection as Shopify packs it (`.json`, `.json.gz`): for version 2026-10
`npm pack @shopify/dev-mcp@1.16.0` brings `package/dist/data/admin_2026-10.json.gz`.

Kept is every field that an operation in `lib/stockroom/shopify/graphql` or `also.graphql` selects, with its
arguments; for each type so reached also its other scalar and enum fields, and whatever is deprecated stays marked so.
"""

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InterfaceTypeDefinitionNode,
    Node,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    build_schema,
    get_named_type,
    is_leaf_type,
    parse,
    print_ast,
    print_schema,
    visit,
)

HERE = Path(__file__).parent
OPERATIONS = HERE.parents[1] / "lib" / "stockroom" / "shopify" / "graphql"
BUILT_IN = {"Int", "Float", "String", "Boolean", "ID"}
HEADER = """\
# Shopify's GraphQL Admin schema, cut down: see cut.py beside this file.
# Origin: npm package @shopify/dev-mcp 1.16.0 (ISC licence), admin schema, {source}.
# Made by: python -m local.schema.cut {source} {out}

"""


class Selected(Visitor):
    """Notes which field of which type the operations select, and which types they only name."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.fields: dict[str, set[str]] = defaultdict(set)

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent = self.types.get_parent_type()
        if parent and not node.name.value.startswith("__"):
            self.fields[parent.name].add(node.name.value)

    def enter_inline_fragment(self, *_: object) -> None:
        if named := self.types.get_type():
            self.fields[get_named_type(named).name] |= set()


class Cut:
    """Grows, from the selected fields, the smallest set of types that is still a valid schema."""

    def __init__(self, schema: GraphQLSchema, selected: dict[str, set[str]]) -> None:
        self.schema = schema
        self.fields = selected
        self.types: set[str] = set()
        size = -1
        while size != (size := self._size()):
            for name in [*self.fields, *sorted(self.types)]:
                self._keep(schema.type_map[name])
            self._follow_interfaces()

    def _size(self) -> int:
        return len(self.types) + sum(map(len, self.fields.values()))

    def _keep(self, kept: GraphQLNamedType) -> None:
        if kept.name in BUILT_IN:
            return
        self.types.add(kept.name)
        if isinstance(kept, GraphQLUnionType):
            self.types |= {member.name for member in kept.types}
        elif isinstance(kept, GraphQLInputObjectType):
            self._add(get_named_type(field.type) for field in kept.fields.values())
        elif isinstance(kept, GraphQLObjectType | GraphQLInterfaceType):
            self.fields[kept.name] |= {name for name, field in kept.fields.items() if _comes_along(kept, field)}
            for name in self.fields[kept.name]:
                field = kept.fields[name]
                self._add([get_named_type(field.type), *(get_named_type(arg.type) for arg in field.args.values())])

    def _add(self, types: Iterable[GraphQLNamedType]) -> None:
        self.types |= {named.name for named in types} - BUILT_IN

    def _follow_interfaces(self) -> None:
        """An object type must have every kept field of every kept interface it implements."""
        for name in self.types:
            implementer = self.schema.type_map[name]
            if isinstance(implementer, GraphQLObjectType):
                for interface in implementer.interfaces:
                    if interface.name in self.types:
                        self.fields[name] |= self.fields[interface.name]


def _comes_along(owner: GraphQLNamedType, field: GraphQLField) -> bool:
    """Whether a field is kept although nothing selects it."""
    leaf = owner.name != "QueryRoot" and is_leaf_type(get_named_type(field.type))
    return leaf or owner.name.endswith(("Connection", "Edge"))


def cut(full: str, operations: Iterable[DocumentNode]) -> str:
    """The definitions of the full schema that the operations need, as SDL."""
    schema = build_schema(full, assume_valid=True)
    selected = Selected(TypeInfo(schema))
    for document in operations:
        visit(document, TypeInfoVisitor(selected.types, selected))
    kept = Cut(schema, selected.fields)
    return "\n\n".join(print_ast(node) for node in _definitions(parse(full, no_location=True), kept)) + "\n"


def _definitions(document: DocumentNode, kept: Cut) -> Iterator[Node]:
    for node in document.definitions:
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            if node.name.value in kept.types:
                yield _prune(node, kept)
        elif not isinstance(node, TypeDefinitionNode) or node.name.value in kept.types:
            yield node


def _prune(node: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode, kept: Cut) -> Node:
    fields = tuple(field for field in node.fields or () if field.name.value in kept.fields[node.name.value])
    if not fields:
        raise SystemExit(f"{node.name.value} would have no field left: select one in {HERE / 'also.graphql'}")
    interfaces = tuple(named for named in node.interfaces or () if named.name.value in kept.types)
    return replace(node, fields=fields, interfaces=interfaces)


def _read_operations() -> Iterator[DocumentNode]:
    """The project's operations with all of their fragments as one document, then the sandbox's own."""
    yield parse("\n".join(file.read_text("utf-8") for file in sorted(OPERATIONS.rglob("*.graphql"))))
    yield parse((HERE / "also.graphql").read_text("utf-8"))


def read_full(file: Path) -> str:
    """The whole schema as SDL, without the descriptions, which would make most of it."""
    data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    text = data.decode("utf-8")
    if ".json" in file.suffixes:
        text = print_schema(build_client_schema(json.loads(text)["data"], assume_valid=True))
    return print_ast(visit(parse(text, no_location=True), Bare()))


class Bare(Visitor):
    """Drops descriptions."""

    def leave(self, node: Node, *_: object) -> Node | None:
        return replace(node, description=None) if getattr(node, "description", None) else None  # type: ignore[call-arg]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.schema.cut", description="Cut Shopify's schema down.")
    parser.add_argument("full", type=Path, help="the whole schema: .graphql or .json, also .gz")
    parser.add_argument("out", type=Path, help="where to write what is kept")
    args = parser.parse_args()
    text = HEADER.format(source=args.full.name, out=args.out.name) + cut(read_full(args.full), _read_operations())
    args.out.write_text(text, "utf-8")
    print(f"{args.out}: {text.count(chr(10))} lines")


if __name__ == "__main__":
    main()
