"""Which variables the functions get on this machine, and the .env for real keys."""

import base64
import datetime as dt
import json
import stat
from pathlib import Path

import pytest

from local.environment import (
    EnvironmentFileError,
    Ports,
    filled,
    kept_secrets,
    local_environment,
    main,
    parse_dotenv,
    stand_in_secrets,
)

TODAY = dt.date(2026, 11, 24)
PORTS = Ports(5000)
GENERATED = stand_in_secrets(TODAY)


class TestLocalEnvironment:
    def test_without_env_file_everything_is_on_this_machine(self) -> None:
        environment = local_environment({}, PORTS, GENERATED)
        assert environment.sandbox
        assert environment.facebook_sandbox
        assert environment.embedded_spaces
        assert environment.variables == {
            **GENERATED,
            "SHOPIFY_API_SECRET_OLD": "none",
            "SHOPIFY_API_VERSION": "2026-10",
            "SHOPIFY_REDIRECT_URI": "http://localhost:5000/shopify/callback",
            "SHOPIFY_WEBHOOK_ADDRESS": "http://localhost:5000/shopify/webhook",
            "SHOPIFY_SANDBOX_URL": "http://localhost:5001",
            "FACEBOOK_API_VERSION": "v26.0",
            "FACEBOOK_CONFIG_ID": "none",
            "FACEBOOK_REDIRECT_URI": "http://localhost:5000/facebook/callback",
            "FACEBOOK_REPLACES_WEBHOOK": "none",
            "FACEBOOK_SANDBOX_URL": "http://localhost:5003",
            "FACEBOOK_SCOPES": "pages_show_list,pages_manage_metadata,pages_read_engagement",
            "FACEBOOK_WEBHOOK_ADDRESS": "http://localhost:5000/facebook/webhook",
            "SPACES_ACCESS_KEY": "stockroom-local",
            "SPACES_SECRET_KEY": "stockroom-local-secret",
            "SPACES_BUCKET": "stockroom",
            "SPACES_PRIVATE_BUCKET": "none",
            "SPACES_REGION": "nyc3",
            "SPACES_ENDPOINT": "http://localhost:5002",
        }

    def test_no_variable_is_empty_because_the_platform_refuses_that(self) -> None:
        dotenv = dict.fromkeys(local_environment({}, PORTS, GENERATED).variables, "")
        assert all(local_environment(dotenv, PORTS, GENERATED).variables.values())

    @pytest.mark.parametrize("nothing", ["", "none"])
    def test_an_example_that_nobody_filled_in_changes_nothing(self, nothing: str) -> None:
        dotenv = {
            "SHOPIFY_API_KEY": nothing,
            "SHOPIFY_SANDBOX_URL": "none",
            "FACEBOOK_APP_ID": nothing,
            "FACEBOOK_SANDBOX_URL": "none",
            "SPACES_ENDPOINT": "none",
            "SPACES_ACCESS_KEY": nothing,
        }
        assert local_environment(dotenv, PORTS, GENERATED) == local_environment({}, PORTS, GENERATED)

    def test_a_key_means_the_real_shopify_and_nothing_of_it_is_made_up(self) -> None:
        environment = local_environment({"SHOPIFY_API_KEY": "real"}, PORTS, GENERATED)
        assert not environment.sandbox
        assert environment.facebook_sandbox
        assert environment.embedded_spaces
        assert environment.variables["SHOPIFY_API_KEY"] == "real"
        assert environment.variables["SHOPIFY_SANDBOX_URL"] == "none"
        assert "SHOPIFY_API_SECRET" not in environment.variables

    def test_an_app_id_means_the_real_facebook_and_nothing_of_it_is_made_up(self) -> None:
        environment = local_environment({"FACEBOOK_APP_ID": "1234567890123456"}, PORTS, GENERATED)
        assert not environment.facebook_sandbox
        assert environment.sandbox
        assert environment.embedded_spaces
        assert environment.variables["FACEBOOK_APP_ID"] == "1234567890123456"
        assert environment.variables["FACEBOOK_SANDBOX_URL"] == "none"
        assert environment.variables["FACEBOOK_VERIFY_TOKEN"] == GENERATED["FACEBOOK_VERIFY_TOKEN"]
        assert "FACEBOOK_APP_SECRET" not in environment.variables

    def test_a_key_means_the_real_spaces_and_nothing_of_it_is_made_up(self) -> None:
        environment = local_environment({"SPACES_ACCESS_KEY": "real"}, PORTS, GENERATED)
        assert environment.sandbox
        assert not environment.embedded_spaces
        assert environment.variables["SPACES_ENDPOINT"] == "none"
        assert {"SPACES_SECRET_KEY", "SPACES_BUCKET", "SPACES_REGION"}.isdisjoint(environment.variables)

    def test_one_variable_names_another_s3_server(self) -> None:
        environment = local_environment({"SPACES_ENDPOINT": "http://localhost:7480"}, PORTS, GENERATED)
        assert not environment.embedded_spaces
        assert environment.variables["SPACES_ENDPOINT"] == "http://localhost:7480"

    def test_whatever_else_the_file_says_has_the_last_word(self) -> None:
        said = {
            "SHOPIFY_WEBHOOK_ADDRESS": "https://tunnel.test/shopify/webhook",
            "TOKEN_KEYS": "a:b",
            "SPACES_BUCKET": "mine",
            "NEW": "1",
        }
        variables = local_environment(said, PORTS, GENERATED).variables
        assert {name: variables[name] for name in said} == said


class TestSecrets:
    def test_they_are_made_once_and_only_their_owner_can_read_them(self, tmp_path: Path) -> None:
        file = tmp_path / "state" / "secrets.json"
        first = kept_secrets(file, TODAY)
        assert kept_secrets(file, TODAY + dt.timedelta(days=40)) == first
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_a_new_kind_of_secret_is_added_to_the_old_ones(self, tmp_path: Path) -> None:
        file = tmp_path / "secrets.json"
        file.write_text(json.dumps({"ADMIN_SECRET": "old"}))
        secrets = kept_secrets(file, TODAY)
        assert secrets["ADMIN_SECRET"] == "old"
        assert secrets.keys() == GENERATED.keys()

    def test_they_are_as_long_as_they_must_be_and_never_the_same(self) -> None:
        other = stand_in_secrets(TODAY)
        assert all(GENERATED[name] != other[name] for name in GENERATED)
        assert len(GENERATED["STATE_TOKEN_SECRET"]) >= 32
        assert len(GENERATED["FACEBOOK_VERIFY_TOKEN"]) >= 32
        assert GENERATED["FACEBOOK_APP_ID"].isdigit()
        key_id, _, key = GENERATED["TOKEN_KEYS"].partition(":")
        assert key_id == "2026-11"
        assert len(base64.b64decode(key, validate=True)) == 32


class TestEnvFile:
    def test_lines_are_read_as_everywhere(self) -> None:
        text = """
            # comment
            A=1
            export B = two words # comment
            C="quoted # not a comment"
            D='single'
            E=
            F=a=b==
            G= # nothing
        """
        assert dict(parse_dotenv(text)) == {
            "A": "1",
            "B": "two words",
            "C": "quoted # not a comment",
            "D": "single",
            "E": "",
            "F": "a=b==",
            "G": "",
        }

    def test_a_hash_that_the_deployment_would_cut_at_has_to_be_quoted(self) -> None:
        assert dict(parse_dotenv("A='a#b'\nB=b # said\n")) == {"A": "a#b", "B": "b"}
        with pytest.raises(EnvironmentFileError, match="in quotes"):
            dict(parse_dotenv("A=a#b"))

    def test_a_line_that_is_no_variable_is_named_but_not_shown(self) -> None:
        with pytest.raises(EnvironmentFileError, match="line 2") as caught:
            list(parse_dotenv("A=1\nshpss_secret"))
        assert "shpss_secret" not in str(caught.value)

    def test_the_example_keeps_its_comments_and_gets_its_secrets(self) -> None:
        example = "# A= is what\nA=\nB=2 # two\nTOKEN_KEYS=\n"
        assert filled(example, {"TOKEN_KEYS": "x:y", "A": "1"}) == "# A= is what\nA=1\nB=2 # two\nTOKEN_KEYS=x:y\n"

    def test_make_env_writes_a_file_of_which_our_own_example_is_the_start(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        example, target = Path(__file__).parents[2] / ".env.example", tmp_path / ".env"
        assert main(["--write", str(target), "--example", str(example)]) == 0
        values = dict(parse_dotenv(target.read_text()))
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        assert len(values["STATE_TOKEN_SECRET"]) >= 32
        assert len(values["FACEBOOK_VERIFY_TOKEN"]) >= 32
        assert values["TOKEN_KEYS"].startswith(f"{dt.datetime.now(dt.UTC):%Y-%m}:")
        assert values["TOKEN_KEYS"] not in capsys.readouterr().out
        environment = local_environment(values, PORTS, GENERATED)
        assert (environment.sandbox, environment.facebook_sandbox, environment.embedded_spaces) == (True, True, True)

    def test_a_file_that_is_there_is_never_overwritten(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        example, target = tmp_path / "example", tmp_path / ".env"
        example.write_text("A=\n")
        target.write_text("A=precious\n")
        assert main(["--write", str(target), "--example", str(example)]) == 1
        assert target.read_text() == "A=precious\n"
        assert "is there already" in capsys.readouterr().err

    def test_without_an_example_it_says_where_to_start(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--write", str(tmp_path / ".env"), "--example", str(tmp_path / "gone")]) == 1
        assert "is not here" in capsys.readouterr().err
