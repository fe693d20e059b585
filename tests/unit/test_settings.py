import base64
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from stockroom import settings
from stockroom.errors import SetupError

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(32)).decode()

ENV = {
    "SHOPIFY_API_KEY": "client-id",
    "SHOPIFY_API_SECRET": "shpss_current_secret",
    "SHOPIFY_API_SECRET_OLD": "shpss_former_secret",
    "SHOPIFY_REDIRECT_URI": "https://faas.example/api/v1/web/ns/shopify/callback",
    "SHOPIFY_WEBHOOK_ADDRESS": "https://faas.example/api/v1/web/ns/shopify/webhook",
    "SHOPIFY_API_VERSION": "2026-10",
    "SHOPIFY_SANDBOX_URL": "http://localhost:5001",
    "FACEBOOK_APP_ID": "1234567890123456",
    "FACEBOOK_APP_SECRET": "facebook-app-secret",
    "FACEBOOK_REDIRECT_URI": "https://faas.example/api/v1/web/ns/facebook/callback",
    "FACEBOOK_WEBHOOK_ADDRESS": "https://faas.example/api/v1/web/ns/facebook/webhook",
    "FACEBOOK_VERIFY_TOKEN": "verify-token-of-more-than-32-characters",
    "FACEBOOK_REPLACES_WEBHOOK": "https://old.example/webhook?app=1",
    "FACEBOOK_API_VERSION": "v26.0",
    "FACEBOOK_SCOPES": "pages_show_list, pages_manage_metadata,pages_read_engagement",
    "FACEBOOK_CONFIG_ID": "9876543210",
    "FACEBOOK_SANDBOX_URL": "http://localhost:5001/",
    "STATE_TOKEN_SECRET": "state-secret-of-more-than-32-characters",
    "TOKEN_KEYS": f"2026-11:{KEY}",
    "FUNCTIONS_ACCESS_KEY": "key-id:key-secret",
    "SPACES_ACCESS_KEY": "DO00ACCESS",
    "SPACES_SECRET_KEY": "spaces-secret-key",
    "SPACES_BUCKET": "my-bucket",
    "SPACES_PRIVATE_BUCKET": "my-private-bucket",
    "SPACES_REGION": "fra1",
    "SPACES_ENDPOINT": "https://s3.example:9000",
}

SECRETS = (
    KEY,
    "shpss_current_secret",
    "shpss_former_secret",
    "facebook-app-secret",
    ENV["FACEBOOK_VERIFY_TOKEN"],
    ENV["STATE_TOKEN_SECRET"],
    "key-secret",
    "spaces-secret-key",
)

Setting = Callable[[Mapping[str, str]], Any]

NEEDS: list[tuple[Setting, str]] = [
    (settings.shopify_secrets, "SHOPIFY_API_SECRET"),
    (settings.shopify_app, "SHOPIFY_API_KEY"),
    (settings.shopify_app, "SHOPIFY_API_SECRET"),
    (settings.shopify_app, "SHOPIFY_REDIRECT_URI"),
    (settings.shopify_api, "SHOPIFY_API_VERSION"),
    (settings.shopify_webhook_address, "SHOPIFY_WEBHOOK_ADDRESS"),
    (settings.facebook_secrets, "FACEBOOK_APP_SECRET"),
    (settings.facebook_app, "FACEBOOK_APP_ID"),
    (settings.facebook_app, "FACEBOOK_APP_SECRET"),
    (settings.facebook_app, "FACEBOOK_REDIRECT_URI"),
    (settings.facebook_app, "FACEBOOK_API_VERSION"),
    (settings.facebook_app, "FACEBOOK_SCOPES"),
    (settings.facebook_webhook_address, "FACEBOOK_WEBHOOK_ADDRESS"),
    (settings.facebook_verify_token, "FACEBOOK_VERIFY_TOKEN"),
    (settings.state_secret, "STATE_TOKEN_SECRET"),
    (settings.token_keys, "TOKEN_KEYS"),
    (settings.functions_access_key, "FUNCTIONS_ACCESS_KEY"),
    (settings.spaces, "SPACES_ACCESS_KEY"),
    (settings.spaces, "SPACES_SECRET_KEY"),
    (settings.spaces, "SPACES_BUCKET"),
    (settings.spaces, "SPACES_REGION"),
]

ALL: list[Setting] = list(dict.fromkeys(setting for setting, _ in NEEDS))


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in ENV.items() if name not in names}


def message(setting: Setting, env: Mapping[str, str]) -> str:
    with pytest.raises(SetupError) as caught:
        setting(env)
    return caught.value.message


@pytest.mark.parametrize(("setting", "name"), NEEDS)
@pytest.mark.parametrize("value", [None, "", "none", " none ", "   "])
def test_variable_that_is_not_set_is_named_with_its_fix(setting: Setting, name: str, value: str | None) -> None:
    env = without(name) if value is None else {**ENV, name: value}
    told = message(setting, env)
    assert told.startswith(f"{name} is missing: ")
    assert told.endswith("put it into .env and deploy again.")


@pytest.mark.parametrize(
    ("setting", "name", "value"),
    [
        (settings.shopify_api, "SHOPIFY_API_VERSION", "2026-11"),
        (settings.shopify_api, "SHOPIFY_API_VERSION", "latest"),
        (settings.shopify_api, "SHOPIFY_API_VERSION", "2026-10/../.."),
        (settings.state_secret, "STATE_TOKEN_SECRET", "x" * 31),
        (settings.functions_access_key, "FUNCTIONS_ACCESS_KEY", "no-colon"),
        (settings.functions_access_key, "FUNCTIONS_ACCESS_KEY", ":no-id"),
        (settings.functions_access_key, "FUNCTIONS_ACCESS_KEY", "no-secret:"),
        (settings.spaces, "SPACES_BUCKET", "My_Bucket"),
        (settings.spaces, "SPACES_BUCKET", "ab"),
        (settings.spaces, "SPACES_BUCKET", "-leading-hyphen"),
        (settings.spaces, "SPACES_PRIVATE_BUCKET", "bucket/folder"),
        (settings.spaces, "SPACES_REGION", "frankfurt"),
        (settings.spaces, "SPACES_ENDPOINT", "s3.example"),
        (settings.spaces, "SPACES_ENDPOINT", "ftp://s3.example"),
        (settings.spaces, "SPACES_ENDPOINT", "https://s3.example:99999"),
        (settings.spaces, "SPACES_ENDPOINT", "https://s3.example:0"),
        (settings.spaces, "SPACES_ENDPOINT", "https://:9000"),
        (settings.spaces, "SPACES_ENDPOINT", "https://[::1"),
        (settings.spaces, "SPACES_ENDPOINT", "https://id:secret@s3.example"),
        (settings.spaces, "SPACES_ENDPOINT", "https://s3 .example"),
        (settings.spaces, "SPACES_ENDPOINT", "https://s3\n.example"),
        (settings.shopify_app, "SHOPIFY_REDIRECT_URI", "/shopify/callback"),
        (settings.shopify_app, "SHOPIFY_REDIRECT_URI", "https://faas.example/callback?x=1"),
        (settings.shopify_app, "SHOPIFY_REDIRECT_URI", "https://faas.example/callback#x"),
        (settings.shopify_app, "SHOPIFY_REDIRECT_URI", "http://faas.example/callback"),
        (settings.shopify_app, "SHOPIFY_REDIRECT_URI", "http://localhost.evil.org/callback"),
        (settings.shopify_webhook_address, "SHOPIFY_WEBHOOK_ADDRESS", "http://faas.example/webhook"),
        (settings.shopify_webhook_address, "SHOPIFY_WEBHOOK_ADDRESS", "faas.example/webhook"),
        (settings.shopify_app, "SHOPIFY_SANDBOX_URL", "https://shopify.evil.org"),
        (settings.shopify_api, "SHOPIFY_SANDBOX_URL", "http://localhost.evil.org"),
        (settings.shopify_api, "SHOPIFY_SANDBOX_URL", "http://localhost@evil.org"),
        (settings.shopify_api, "SHOPIFY_SANDBOX_URL", "http://evil.org\\@localhost"),
        (settings.shopify_api, "SHOPIFY_SANDBOX_URL", "localhost:5001"),
        (settings.facebook_app, "FACEBOOK_APP_ID", "9999"),
        (settings.facebook_app, "FACEBOOK_APP_ID", "my-app"),
        (settings.facebook_app, "FACEBOOK_APP_ID", "1234567890123456/../me"),
        (settings.facebook_app, "FACEBOOK_REDIRECT_URI", "http://faas.example/callback"),
        (settings.facebook_app, "FACEBOOK_REDIRECT_URI", "https://faas.example/callback?x=1"),
        (settings.facebook_app, "FACEBOOK_API_VERSION", "27.0"),
        (settings.facebook_app, "FACEBOOK_API_VERSION", "v27"),
        (settings.facebook_app, "FACEBOOK_API_VERSION", "v26.0/../.."),
        (settings.facebook_app, "FACEBOOK_SCOPES", "pages_show_list,"),
        (settings.facebook_app, "FACEBOOK_SCOPES", "pages_show_list pages_messaging"),
        (settings.facebook_app, "FACEBOOK_SCOPES", "pages_show_list,,email"),
        (settings.facebook_app, "FACEBOOK_SCOPES", "Pages_Show_List"),
        (settings.facebook_app, "FACEBOOK_CONFIG_ID", "my-configuration"),
        (settings.facebook_app, "FACEBOOK_SANDBOX_URL", "https://graph.evil.org"),
        (settings.facebook_app, "FACEBOOK_SANDBOX_URL", "http://localhost.evil.org"),
        (settings.facebook_webhook_address, "FACEBOOK_WEBHOOK_ADDRESS", "http://faas.example/webhook"),
        (settings.facebook_verify_token, "FACEBOOK_VERIFY_TOKEN", "x" * 31),
        (settings.facebook_replaces_webhook, "FACEBOOK_REPLACES_WEBHOOK", "old.example/webhook"),
        (settings.facebook_replaces_webhook, "FACEBOOK_REPLACES_WEBHOOK", "ftp://old.example"),
    ],
)
def test_malformed_variable_is_named_and_its_value_is_not_shown(setting: Setting, name: str, value: str) -> None:
    told = message(setting, {**ENV, name: value})
    assert told.startswith(f"{name} ")
    assert "is missing" not in told
    assert value not in told


@pytest.mark.parametrize(
    "ring",
    [
        KEY,
        f":{KEY}",
        f"id with blanks:{KEY}",
        f"{'x' * 33}:{KEY}",
        "id:",
        "id:not-base64!",
        f"id:{KEY[:8]}!{KEY[8:]}",
        "id:é",
        f"id:{KEY[:-4]}",
        f"id:{base64.b64encode(bytes(33)).decode()}",
        f"id:{KEY},",
        f"id:{KEY},id:{OTHER_KEY}",
        f"good:{KEY},bad:{KEY[:20]}",
    ],
)
def test_malformed_key_ring_is_refused_without_showing_a_key(ring: str) -> None:
    told = message(settings.token_keys, {"TOKEN_KEYS": ring})
    assert told.startswith("TOKEN_KEYS is malformed")
    assert KEY[:20] not in told


def test_all_problems_are_told_at_once() -> None:
    told = message(settings.spaces, {"SPACES_BUCKET": "B", "SPACES_ENDPOINT": "x"})
    names = ["SPACES_ACCESS_KEY", "SPACES_SECRET_KEY", "SPACES_BUCKET", "SPACES_REGION", "SPACES_ENDPOINT"]
    assert [name for name in names if f"{name} is" in told] == names
    told = message(settings.shopify_app, {"SHOPIFY_SANDBOX_URL": "https://evil.org"})
    names = ["SHOPIFY_API_KEY", "SHOPIFY_API_SECRET", "SHOPIFY_REDIRECT_URI", "SHOPIFY_SANDBOX_URL"]
    assert [name for name in names if name in told] == names


@pytest.mark.parametrize("setting", ALL)
def test_each_function_asks_for_nothing_that_it_does_not_need(setting: Setting) -> None:
    mine = [name for other, name in NEEDS if other is setting]
    setting({name: ENV[name] for name in mine})


@pytest.mark.parametrize(
    "setting",
    [settings.shopify_app, settings.facebook_app, settings.spaces, settings.token_keys, settings.shopify_api],
)
def test_no_secret_shows_in_a_repr(setting: Setting) -> None:
    shown = repr(setting(ENV)) + str(setting(ENV))
    assert not [secret for secret in SECRETS if secret in shown]
    assert "\\x01\\x02" not in shown  # a key's bytes


@pytest.mark.parametrize("setting", ALL)
def test_no_secret_shows_when_another_variable_is_wrong(setting: Setting) -> None:
    mine = [name for other, name in NEEDS if other is setting]
    for name in mine:
        told = message(setting, without(name))
        assert not [secret for secret in SECRETS if secret in told]


def test_crash_while_reading_is_not_hidden_by_a_missing_variable() -> None:
    class Env(dict[str, str]):
        def get(self, name: str, default: Any = "") -> Any:
            return default if name == "SPACES_REGION" else 1 / 0

    with pytest.raises(ZeroDivisionError):
        settings.spaces(Env())


def test_secrets_are_newest_first_while_one_is_rotated_out() -> None:
    assert settings.shopify_secrets(ENV) == ("shpss_current_secret", "shpss_former_secret")
    assert settings.shopify_secrets({**ENV, "SHOPIFY_API_SECRET_OLD": "none"}) == ("shpss_current_secret",)


def test_shopify_app_is_what_the_variables_say() -> None:
    app = settings.shopify_app(ENV)
    assert (app.key, app.redirect_uri, app.sandbox_url) == (
        "client-id",
        ENV["SHOPIFY_REDIRECT_URI"],
        "http://localhost:5001",
    )
    assert app.secrets == ("shpss_current_secret", "shpss_former_secret")
    assert settings.shopify_app({**ENV, "SHOPIFY_SANDBOX_URL": "none"}).sandbox_url is None


def test_facebook_app_is_what_the_variables_say() -> None:
    assert settings.facebook_app(ENV) == settings.FacebookApp(
        id="1234567890123456",
        secret="facebook-app-secret",
        redirect_uri=ENV["FACEBOOK_REDIRECT_URI"],
        version="v26.0",
        scopes=("pages_show_list", "pages_manage_metadata", "pages_read_engagement"),
        config_id="9876543210",
        dialog_url="http://localhost:5001/www",
        graph_url="http://localhost:5001/graph",
    )
    assert settings.facebook_app(ENV).token == "1234567890123456|facebook-app-secret"
    assert settings.facebook_secrets(ENV) == ("facebook-app-secret",)


def test_without_sandbox_and_configuration_the_real_facebook_is_asked_for_scopes() -> None:
    app = settings.facebook_app({**ENV, "FACEBOOK_SANDBOX_URL": "none", "FACEBOOK_CONFIG_ID": "none"})
    assert (app.dialog_url, app.graph_url) == ("https://www.facebook.com", "https://graph.facebook.com")
    assert app.config_id is None


def test_facebooks_webhook_is_what_the_variables_say() -> None:
    assert settings.facebook_webhook_address(ENV) == ENV["FACEBOOK_WEBHOOK_ADDRESS"]
    assert settings.facebook_verify_token(ENV) == ENV["FACEBOOK_VERIFY_TOKEN"]
    assert settings.facebook_replaces_webhook(ENV) == "https://old.example/webhook?app=1"
    assert settings.facebook_replaces_webhook({"FACEBOOK_REPLACES_WEBHOOK": "none"}) is None


@pytest.mark.parametrize("address", ["http://localhost:5000/c", "http://127.0.0.1:5000/c", "http://[::1]:5000/c"])
def test_plain_http_is_allowed_on_this_machine_only(address: str) -> None:
    assert settings.shopify_app({**ENV, "SHOPIFY_REDIRECT_URI": address}).redirect_uri == address


def test_api_version_and_webhook_address_are_what_the_variables_say() -> None:
    assert settings.shopify_api(ENV) == settings.ShopifyApi("2026-10", "http://localhost:5001")
    assert settings.shopify_webhook_address(ENV) == ENV["SHOPIFY_WEBHOOK_ADDRESS"]
    assert settings.state_secret(ENV) == ENV["STATE_TOKEN_SECRET"]
    assert settings.functions_access_key(ENV) == "key-id:key-secret"


def test_own_endpoint_is_addressed_by_path() -> None:
    assert settings.spaces(ENV) == settings.Spaces(
        access_key="DO00ACCESS",
        secret_key="spaces-secret-key",
        bucket="my-bucket",
        private_bucket="my-private-bucket",
        region="fra1",
        endpoint="https://s3.example:9000",
        path_style=True,
    )


def test_without_endpoint_and_private_bucket_the_regions_spaces_hold_everything() -> None:
    spaces = settings.spaces({**ENV, "SPACES_ENDPOINT": "none", "SPACES_PRIVATE_BUCKET": "none"})
    assert (spaces.endpoint, spaces.path_style) == ("https://fra1.digitaloceanspaces.com", False)
    assert (spaces.bucket, spaces.private_bucket) == ("my-bucket", "my-bucket")


def test_first_key_of_the_ring_seals_and_all_open() -> None:
    ring = settings.token_keys({"TOKEN_KEYS": f" new.1:{KEY} , old:{OTHER_KEY}"})
    assert ring.newest == "new.1"
    assert ring.keys == {"new.1": bytes(range(32)), "old": bytes(32)}


def test_state_secret_of_32_characters_is_long_enough() -> None:
    assert settings.state_secret({"STATE_TOKEN_SECRET": "x" * 32}) == "x" * 32


def test_blanks_around_a_value_do_not_count() -> None:
    assert settings.functions_access_key({"FUNCTIONS_ACCESS_KEY": "  id:secret\n"}) == "id:secret"


def test_the_process_environment_is_read_at_the_time_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNCTIONS_ACCESS_KEY", "id:from-the-environment")
    assert settings.functions_access_key() == "id:from-the-environment"


@pytest.mark.parametrize("word", ["None", "NONE", "none "])
def test_none_means_not_set_however_it_is_written(word: str) -> None:
    given = {"SHOPIFY_API_SECRET": "shpss_" + 32 * "a", "SHOPIFY_API_SECRET_OLD": word}
    assert settings.shopify_secrets(given) == (given["SHOPIFY_API_SECRET"],)


@pytest.mark.parametrize("word", ["null", "-", "x", "<SHOPIFY_API_SECRET_OLD>"])
def test_no_word_that_somebody_could_guess_signs_anything(word: str) -> None:
    given = {"SHOPIFY_API_SECRET": "shpss_" + 32 * "a", "SHOPIFY_API_SECRET_OLD": word}
    with pytest.raises(SetupError, match="SHOPIFY_API_SECRET_OLD is no app"):
        settings.shopify_secrets(given)


def test_address_with_a_slash_at_its_end_is_refused() -> None:
    with pytest.raises(SetupError, match="SHOPIFY_WEBHOOK_ADDRESS is malformed"):
        settings.shopify_webhook_address({"SHOPIFY_WEBHOOK_ADDRESS": "https://a.example/shopify/webhook/"})
