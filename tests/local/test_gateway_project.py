"""project.yml: the same verdict as the platform's deployer gives."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.environment import Ports, local_environment, stand_in_secrets
from local.gateway.errors import ProjectError
from local.gateway.project import Project, read
from local.gateway.template import substitute

if TYPE_CHECKING:
    from tests.local.conftest import ProjectFolder

ROOT = Path(__file__).parents[2]


def test_our_own_project_is_deployable_and_makes_nothing_public_by_accident() -> None:

    secrets = stand_in_secrets(dt.date(2026, 11, 24))
    ours = read(ROOT, local_environment({}, Ports(5000), secrets).variables)
    assert ours.warnings == ()
    assert ours.functions["shopify/webhook"].web == "raw"
    assert ours.functions["shopify/sync"].web is False
    assert ours.functions["shopify/login"].environment["STATE_TOKEN_SECRET"] == secrets["STATE_TOKEN_SECRET"]
    assert "SPACES_SECRET_KEY" not in ours.functions["shopify/login"].environment


class TestTemplate:
    def test_a_variable_is_replaced_wherever_it_stands(self) -> None:
        assert substitute('a: "${ A }" # ${B}', {"A": "1", "B": "2"}) == 'a: "1" # 2'

    def test_every_missing_and_every_empty_variable_is_named_once_even_in_a_comment(self) -> None:
        with pytest.raises(ProjectError, match=r"missing or empty: EMPTY, GONE, COMMENTED\."):
            substitute("${EMPTY} ${GONE} ${THERE} ${GONE} # ${COMMENTED}", {"EMPTY": "", "THERE": "x"})

    def test_a_value_is_not_looked_into(self) -> None:
        assert substitute("${A}", {"A": "${B}"}) == "${B}"

    def test_newlines_are_escaped_unless_asked_for(self) -> None:
        assert substitute("${A} ${|A}", {"A": "1\n2"}) == "1\\n2 1\n2"

    @pytest.mark.parametrize("form", ["$(A B)", "${A B}"])
    def test_several_names_make_a_dictionary(self, form: str) -> None:
        assert substitute(form, {"A": "1", "B": "2"}) == '{"A": "1", "B": "2"}'

    def test_a_shell_command_is_read_as_a_variable_as_the_platform_does(self) -> None:
        with pytest.raises(ProjectError, match="date"):
            substitute("# built $(date)", {})

    @pytest.mark.parametrize("text", ["a: ${A", "a: $(A", "a: ${<file.json}"])
    def test_a_symbol_that_cannot_be_replaced_is_refused(self, text: str) -> None:
        with pytest.raises(ProjectError, match=r"\$"):
            substitute(text, {"A": "1"})


def reading(project: "ProjectFolder", yml: str) -> Project:
    project.write("packages/shop/hello/__main__.py", "def main(): return {}")
    project.write("project.yml", yml)
    return read(project.root, {})


HELLO = "packages: [{name: shop, functions: [{name: hello, %s}]}]"


class TestProjectFile:
    def test_defaults_are_the_platforms(self, project: "ProjectFolder") -> None:
        hello = reading(project, "packages: [{name: shop, functions: [{name: hello}]}]").functions["shop/hello"]
        assert (hello.web, hello.main, hello.limits.timeout, hello.limits.memory) == (True, "main", 3000, 256)

    def test_the_nearer_environment_wins_and_numbers_are_taken_at_the_top_only(self, project: "ProjectFolder") -> None:
        yml = """
            environment: {A: project, B: project, C: project, D: 4}
            packages:
            - name: shop
              environment: {B: package, C: package}
              functions: [{name: hello, environment: {C: function}}]
        """
        hello = reading(project, yml).functions["shop/hello"]
        assert hello.environment == {"A": "project", "B": "package", "C": "function", "D": "4"}

    def test_anchors_and_merges_may_be_used(self, project: "ProjectFolder") -> None:
        yml = """
            packages:
            - name: shop
              environment: &common {A: "1", B: "1"}
              functions: [{name: hello, environment: {<<: *common, B: "2"}}]
        """
        assert reading(project, yml).functions["shop/hello"].environment == {"A": "1", "B": "2"}

    def test_triggers_and_annotations_and_parameters_are_kept(self, project: "ProjectFolder") -> None:
        details = 'triggers: [{name: t, sourceType: scheduler, sourceDetails: {cron: "0 * * * *", withBody: {a: 1}}}]'
        yml = HELLO % f"parameters: {{n: 1}}, annotations: {{web-custom-options: true}}, {details}"
        hello = reading(project, yml).functions["shop/hello"]
        assert hello.answers_options
        assert hello.parameters == {"n": 1}
        assert hello.triggers[0].sourceDetails.cron == "0 * * * *"

    def test_a_key_without_a_value_is_skipped(self, project: "ProjectFolder") -> None:
        assert reading(project, HELLO % "environment:, web: raw").functions["shop/hello"].web == "raw"

    @pytest.mark.parametrize(
        ("yml", "complaint"),
        [
            ("name: shop", "name is not a key the platform knows"),
            (HELLO % "webb: raw", "packages shop, functions hello: webb is not a key"),
            (HELLO % "limits: {concurrency: 2}", "packages shop, functions hello, limits: concurrency is not a key"),
            (HELLO % "limits: {timeout: 1000000}", "timeout must be less than or equal to 900000"),
            (HELLO % "web: yes", "web must be true, false or raw"),
            (HELLO % "web: 1", "web must be true, false or raw"),
            (HELLO % "webSecure: true", "webSecure must be false, or a secret"),
            (HELLO % "environment: {N: 1}", "functions hello, environment: N must be a string"),
            (HELLO % "environment: {web-export: x}", "web-export is the platform's own"),
            (HELLO % "annotations: {raw-http: true}", "raw-http is the platform's own"),
            (HELLO % "runtime: 'ruby:3'", "runtime must be 'python:3.9'"),
            (HELLO % "docker: image", "docker is not supported by the gateway"),
            ("packages: [{functions: []}]", "packages no. 1: name is missing"),
            (
                HELLO % "triggers: [{name: t, sourceType: scheduler, sourceDetails: {cron: '@daily'}}]",
                "sourceDetails: cron",
            ),
            ("packages: hello", "packages must be a valid list"),
            ("a: 1\na: 2", "the key a is there twice, line 2"),
            ("a: [", "not valid YAML"),
            ("packages:\n\t- name: shop", "line 2: tabs"),
            ("", "project.yml: "),
        ],
    )
    def test_what_the_platform_refuses_is_refused_with_its_place(
        self, project: "ProjectFolder", yml: str, complaint: str
    ) -> None:
        with pytest.raises(ProjectError, match=complaint.replace(".", r"\.")):
            reading(project, yml)

    def test_an_error_does_not_quote_the_secret_beside_it(self, project: "ProjectFolder") -> None:
        project.write("project.yml", 'a: "${SECRET}')
        with pytest.raises(ProjectError) as caught:
            read(project.root, {"SECRET": "shpss_1234"})
        assert "shpss_1234" not in str(caught.value)

    def test_a_folder_without_project_yml_is_told_so(self, tmp_path: Path) -> None:
        with pytest.raises(ProjectError, match=r"no project\.yml here"):
            read(tmp_path, {})


class TestDisk:
    def test_a_function_that_is_listed_but_not_there_is_an_error(self, project: "ProjectFolder") -> None:
        with pytest.raises(ProjectError, match="shop/gone, shop/lost"):
            reading(project, "packages: [{name: shop, functions: [{name: gone}, {name: hello}, {name: lost}]}]")

    @pytest.mark.parametrize("path", ["packages/shop/util.py", "packages/shop/util/__main__.py"])
    def test_what_is_not_listed_becomes_public_and_is_warned_of(self, project: "ProjectFolder", path: str) -> None:
        project.write(path, "def main(): return {}")
        found = reading(project, HELLO % "web: false")
        assert found.functions["shop/util"].web is True
        assert "PUBLIC function shop/util" in found.warnings[0]

    @pytest.mark.parametrize("path", ["packages/shop/README.md", "packages/shop/__pycache__/x.pyc"])
    def test_what_is_no_python_breaks_the_deployment_and_is_warned_of(
        self, project: "ProjectFolder", path: str
    ) -> None:
        project.write(path, "")
        found = reading(project, HELLO % "web: false")
        assert list(found.functions) == ["shop/hello"]
        assert "would report a failure" in found.warnings[0]

    @pytest.mark.parametrize("path", ["packages/shop/.DS_Store", "packages/shop/hello.py~", "packages/README.md"])
    def test_what_the_deployer_never_looks_at_is_no_function(self, project: "ProjectFolder", path: str) -> None:
        project.write(path, "")
        assert reading(project, HELLO % "web: false").warnings == ()

    def test_another_python_than_this_one_is_mentioned(self, project: "ProjectFolder") -> None:
        assert "python:3.9" in reading(project, HELLO % "runtime: 'python:3.9'").warnings[0]
