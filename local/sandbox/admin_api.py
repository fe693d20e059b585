"""The GraphQL Admin API: one request in, the answer Shopify gives out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graphql import GraphQLError, OperationDefinitionNode, execute_sync, get_variable_values

from local.sandbox import scopes
from local.sandbox.cost import SINGLE_QUERY_LIMIT, BadPageSize, Price, total
from local.sandbox.faults import Fault
from local.sandbox.quick import QuickExecutor
from local.sandbox.resolvers import Context, attribute, type_of
from local.sandbox.shops import Shop, World
from local.sandbox.versions import ALIVE, Query, read_query, schema_of, version_served

Body = dict[str, object]
LIMITS_PAGE = "https://shopify.dev/api/usage/rate-limits"
DEPRECATION_PAGE = "https://shopify.dev/api/usage/versioning#deprecation-practices"
BAD_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"


@dataclass
class Answer:
    status: int
    body: Body
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ask:
    """One request, as far as it has been understood."""

    context: Context
    query: Query
    operation: OperationDefinitionNode
    variables: dict[str, object]

    @property
    def shop(self) -> Shop:
        return self.context.shop

    @property
    def prices(self) -> tuple[Price, ...]:
        return self.query.prices[self.operation.name.value if self.operation.name else ""]


def answer(world: World, shop: Shop, asked_version: str, token: str, sent: object, fault: Fault | None) -> Answer:
    """Answer a request; a fault of a kind that only this API has is part of the answer."""
    version = version_served(asked_version)
    if version is None:
        return Answer(404, {"errors": "Not Found"})
    headers = {"X-Shopify-API-Version": version}
    granted = shop.install.tokens.scopes_of(token, world.clock())
    if granted is None:
        return Answer(401, {"errors": BAD_TOKEN}, headers)
    if not isinstance(sent, Mapping) or not isinstance(sent.get("query"), str):
        return Answer(400, {"errors": {"query": "Required parameter missing or invalid"}}, headers)
    query = read_query(version, sent["query"])
    if query.deprecated:
        headers["X-Shopify-API-Deprecated-Reason"] = DEPRECATION_PAGE
    context = Context(world, shop, scopes.granted(granted), version)
    return Answer(200, _result(context, query, sent, fault), headers)


def _result(context: Context, query: Query, sent: Mapping[str, object], fault: Fault | None) -> Body:
    if query.errors:
        return _refused(query.errors)
    name = sent.get("operationName")
    try:
        operation = query.operation(str(name) if name else None)
    except GraphQLError as error:
        return _refused([error])
    given = sent.get("variables") or {}
    if not isinstance(given, dict):
        return _refused([GraphQLError("variables must be an object", extensions={"code": "INVALID_VARIABLE"})])
    values = get_variable_values(schema_of(context.version), operation.variable_definitions or (), given)
    if isinstance(values, list):
        return _refused(values, code="INVALID_VARIABLE")
    return _charged(Ask(context, query, operation, {**given, **values.coerced}), given, fault)


def _charged(ask: Ask, given: dict[str, object], fault: Fault | None) -> Body:
    """The answer to a query that may run, if the shop's budget allows."""
    try:
        requested = total(ask.prices, ask.variables)
    except BadPageSize as error:
        return _refused([GraphQLError(str(error), error.field)], code="BAD_REQUEST")
    if requested > SINGLE_QUERY_LIMIT:
        return _too_dear(ask, requested)
    if fault and fault.kind == "throttled":
        return _throttled(ask, requested, currentlyAvailable=0)
    if not ask.shop.bucket.reserve(requested):
        return _throttled(ask, requested)
    done = _execute(ask, given)
    actual = min(requested, total(ask.prices, ask.variables, ask.context.sizes))
    ask.shop.bucket.refund(requested - actual)
    return done | _bill(ask, requested, actual)


def _execute(ask: Ask, given: dict[str, object]) -> Body:
    result = execute_sync(
        schema_of(ask.context.version),
        ask.query.document,
        context_value=ask.context,
        variable_values=given,
        operation_name=ask.operation.name.value if ask.operation.name else None,
        field_resolver=attribute,
        type_resolver=type_of,
        executor_class=QuickExecutor,
    )
    for error in result.errors or ():
        if error.original_error and not isinstance(error.original_error, GraphQLError):
            raise error.original_error  # a mistake of the sandbox itself, which must not pass for Shopify's answer
    errors = [error.formatted for error in result.errors or ()]
    return {"data": result.data, "errors": errors} if errors else {"data": result.data}


def _throttled(ask: Ask, requested: int, **pretended: float) -> Body:
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": LIMITS_PAGE}}
    return {"errors": [error], **_bill(ask, requested, None, **pretended)}


def _bill(ask: Ask, requested: int, actual: int | None, **pretended: float) -> Body:
    status = ask.shop.bucket.status() | pretended
    cost = {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}
    return {"extensions": {"cost": cost}}


def _too_dear(ask: Ask, requested: int) -> Body:
    said = f"Query cost is {requested}, which exceeds the single query max cost limit ({SINGLE_QUERY_LIMIT})."
    limits = {"cost": requested, "maxCost": SINGLE_QUERY_LIMIT, "documentation": LIMITS_PAGE}
    error = {"message": said, "extensions": {"code": "MAX_COST_EXCEEDED", **limits}}
    return {"errors": [error], **_bill(ask, requested, None)}


def _refused(errors: Sequence[GraphQLError], code: str | None = None) -> Body:
    """Nothing ran: errors without data."""
    formatted = [dict(error.formatted) for error in errors]
    for error in formatted if code else ():
        error["extensions"] = {"code": code}
    return {"errors": formatted}


def name_of(text: str) -> str | None:
    """What a query calls itself, for the record of requests; known for one that is valid in the newest version."""
    return next(iter(read_query(max(ALIVE), text).operations), None) or None
