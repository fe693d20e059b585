"""Many calls in one request: each with its own status, some perhaps not answered at all."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from local.facebook import api, usage
from local.facebook.access import caller_of
from local.facebook.call import Answer, Call
from local.facebook.errors import BATCH, GraphError, bad_parameter
from local.facebook.paths import split_path, without_tokens
from local.facebook.world import World

MOST = 50
UNSUPPORTED = ("depends_on", "attached_files")
UNANSWERED = {"timeout", "lost_reply", "null_entry"}


def answer(world: World, call: Call) -> tuple[Answer, list[dict[str, object]]]:
    """The answer to a whole batch, and what is remembered of each entry."""
    fault = world.faults.take("batch")
    if fault and (fault.status or fault.kind in api.INSTEAD - {"null_entry"}):
        return Answer(fault=fault), []
    headers: dict[str, str] = {}
    records: list[dict[str, object]] = []
    try:
        _, headers = api.version_of(world, call)
        if fault and fault.kind == "error":
            raise fault.error(world.settings.app_id)
        found = _answered(world, call, records)
    except GraphError as error:
        found = Answer(error.status, error.body())
    found.headers |= headers | usage.headers(found.meters)
    found.fault = fault
    return found, records


def _answered(world: World, call: Call, records: list[dict[str, object]]) -> Answer:
    caller_of(world, call)  # the batch's own token has to be good, whether an entry uses it or not
    entries = _entries(call.params["batch"])
    with_headers = call.params.get("include_headers", "true").lower() not in {"false", "0"}
    body: list[object] = []
    answers = []
    for entry in entries:
        one, answered, shown = _entry_answer(world, call, entry, with_headers=with_headers)
        answers.append(answered)
        body.append(shown)
        status = shown["code"] if shown else None
        records.append(
            {"method": one.method, "path": without_tokens(one.place), "status": status, "fault": _kind(answered)}
        )
    return Answer(body=body, meters=[meter for one in answers for meter in one.meters])


def _entries(text: str) -> list[Mapping[str, Any]]:
    try:
        entries = json.loads(text)
    except ValueError:
        raise bad_parameter("batch parameter must be a JSON array") from None
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise bad_parameter("batch parameter must be a JSON array")
    if len(entries) > MOST:
        said = f"Too many requests in batch message. Maximum batch size is {MOST}"
        raise GraphError(None, said, type=BATCH)
    for entry in entries:
        if any(name in entry for name in UNSUPPORTED):
            raise bad_parameter(f"The sandbox does not know {' and '.join(UNSUPPORTED)} in a batch")
    return entries


def _entry_answer(
    world: World, outer: Call, entry: Mapping[str, Any], *, with_headers: bool
) -> tuple[Call, Answer, dict[str, object] | None]:
    """One entry as a call, its answer, and what stands for it in the batch's body."""
    one = _call_of(outer, entry)
    if "batch" in one.params or not one.path:
        error = bad_parameter("An entry of a batch must be a call of its own")
        return one, Answer(error.status, error.body()), _shown(Answer(error.status, error.body()), with_headers=False)
    found = api.answer(world, one, in_batch=True)
    if found.fault and found.fault.kind in UNANSWERED:
        return one, found, None
    return one, found, _shown(found, with_headers=with_headers)


def _call_of(outer: Call, entry: Mapping[str, Any]) -> Call:
    """With the batch's token and proof; an entry that brings a token of its own has to bring its proof too."""
    parts = urlsplit(str(entry.get("relative_url", "")))
    version, path = split_path(parts.path)
    params = dict(parse_qsl(parts.query, keep_blank_values=True))
    params |= dict(parse_qsl(str(entry.get("body", "")), keep_blank_values=True))
    own = params.pop("access_token", None) or entry.get("access_token")
    if not own:
        proof = {name: outer.params[name] for name in ("appsecret_proof", "appsecret_time") if name in outer.params}
        params = proof | params
    method = str(params.pop("method", None) or entry.get("method", "GET")).upper()
    token = str(own or outer.token)
    return replace(outer, method=method, path=path, params=params, token=token, version=version or outer.version)


def _shown(found: Answer, *, with_headers: bool) -> dict[str, object]:
    """An entry's status and its body, which is JSON in a string."""
    status, body = found.status, json.dumps(found.body, ensure_ascii=True, separators=(",", ":"))
    if found.fault and found.fault.status:
        status, body = found.fault.status, "{}"
    elif found.fault and found.fault.kind == "html":
        status, body = 200, "<!DOCTYPE html><title>Facebook</title>"
    elif found.fault and found.fault.kind == "garbage":
        status, body = 200, '{"id": "10'
    shown: dict[str, object] = {"code": status}
    if with_headers:
        headers = {"Content-Type": "application/json; charset=UTF-8", **found.headers}
        shown["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
    return shown | {"body": body}


def _kind(found: Answer) -> str | None:
    return found.fault.kind if found.fault else None
