"""Webhook subscriptions: list, create, change, delete."""

from collections.abc import Mapping

from local.sandbox.connections import Order, Page
from local.sandbox.install import Install
from local.sandbox.numbers import number_of
from local.sandbox.resolvers.registry import Info, connection, count, resolves
from local.sandbox.subscriptions import Subscription, refusal

BY_CREATION: Order[Subscription] = Order("CREATED_AT", lambda subscription: subscription.number)
MISSING: dict[str, object] = {"field": ["id"], "message": "Webhook subscription does not exist"}


@resolves("QueryRoot.webhookSubscriptions")
def webhook_subscriptions(_root: object, info: Info, **arguments: object) -> Page[Subscription]:
    topics, uri = arguments.get("topics"), arguments.get("uri") or arguments.get("callbackUrl")
    found = [
        one
        for one in sorted(_install(info).subscriptions.values(), key=lambda one: one.number)
        if (not isinstance(topics, list) or one.topic in topics) and (not uri or one.uri == uri)
    ]
    return connection(found, info, arguments, BY_CREATION)


@resolves("QueryRoot.webhookSubscriptionsCount")
def webhook_subscriptions_count(_root: object, info: Info, **_: object) -> dict[str, object]:
    return count(len(_install(info).subscriptions))


@resolves("QueryRoot.webhookSubscription")
def webhook_subscription(_root: object, info: Info, id: str) -> Subscription | None:  # noqa: A002
    return _install(info).subscriptions.get(number_of(id, "WebhookSubscription") or 0)


@resolves("WebhookSubscription.apiVersion")
def api_version(subscription: Subscription, _info: Info) -> dict[str, object]:
    return {"handle": subscription.api_version, "displayName": subscription.api_version, "supported": True}


@resolves("Mutation.webhookSubscriptionCreate")
def create(
    _root: object,
    info: Info,
    topic: str,
    webhookSubscription: Mapping[str, object],  # noqa: N803 - the schema's name
) -> dict[str, object]:
    context, install = info.context, _install(info)
    with context.shop.lock:
        refused = refusal(webhookSubscription, topic, install.subscriptions.values(), context.scopes)
        if refused:
            return {"webhookSubscription": None, "userErrors": [refused]}
        now, number = context.world.now(), install.next_subscription
        made = Subscription(number, topic, "", now, now, context.version)
        made.change(webhookSubscription, now)
        install.subscriptions[number] = made
        install.next_subscription += 1
    context.world.save()
    return {"webhookSubscription": made, "userErrors": []}


@resolves("Mutation.webhookSubscriptionUpdate")
def update(
    _root: object,
    info: Info,
    id: str,  # noqa: A002 - the schema's name
    webhookSubscription: Mapping[str, object],  # noqa: N803 - the schema's name
) -> dict[str, object]:
    context, known = info.context, webhook_subscription(None, info, id)
    if known is None:
        return {"webhookSubscription": None, "userErrors": [MISSING]}
    with context.shop.lock:
        others = [one for one in _install(info).subscriptions.values() if one is not known]
        wanted = {"uri": known.uri, **webhookSubscription}
        refused = refusal(wanted, known.topic, others, context.scopes)
        if refused:
            return {"webhookSubscription": None, "userErrors": [refused]}
        known.change(webhookSubscription, context.world.now())
    context.world.save()
    return {"webhookSubscription": known, "userErrors": []}


@resolves("Mutation.webhookSubscriptionDelete")
def delete(_root: object, info: Info, id: str) -> dict[str, object]:  # noqa: A002 - the schema's name
    known = webhook_subscription(None, info, id)
    if known is None:
        return {"deletedWebhookSubscriptionId": None, "userErrors": [MISSING]}
    with info.context.shop.lock:
        del _install(info).subscriptions[known.number]
    info.context.world.save()
    return {"deletedWebhookSubscriptionId": id, "userErrors": []}


def _install(info: Info) -> Install:
    install: Install = info.context.shop.install
    return install
