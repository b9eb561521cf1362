"""Fixtures that need no source: pytest's own, and those of well-known plugins for when their source is not found.

pytest's are listed by ``pytest --fixtures`` of version 9.2
(https://docs.pytest.org/en/stable/reference/fixtures.html), the others in the documentation of each plugin. For
plugins only names and scopes are said.
"""

from __future__ import annotations

from testlsp.semantic.fixtures import Fixture


def _fixtures(source: str, **scopes: str) -> tuple[Fixture, ...]:
    """Return fixtures named by scope; each name may be followed by what it requests: ``capsys(request)``."""
    found = []
    for scope, names in scopes.items():
        for text in names.split():
            name, _, requests = text.rstrip(")").partition("(")
            found.append(Fixture(name, name, source, (), scope, False, tuple(filter(None, requests.split(",")))))
    return tuple(found)


PYTEST = "<pytest>"
"""The path that fixtures of pytest itself are given."""

PYTEST_FIXTURES = _fixtures(
    PYTEST,
    session="doctest_namespace pytestconfig(request) record_testsuite_property(request) "
    "tmp_path_factory(request) tmpdir_factory(request)",
    function="cache(request) capfd(request) capfdbinary(request) caplog(request) capsys(request) capsysbinary(request) "
    "capteesys(request) monkeypatch record_property(request) record_xml_attribute(request) recwarn request "
    "subtests(request) tmp_path(request,tmp_path_factory) tmpdir(tmp_path)",
)

_PLUGINS: dict[str, dict[str, str]] = {
    "pytester": {
        "function": "linecomp LineMatcher(request) pytester(request,tmp_path_factory,monkeypatch) testdir(pytester) "
        "_config_for_test _sys_snapshot"
    },
    "pytest_mock": {
        "function": "mocker",
        "class": "class_mocker",
        "module": "module_mocker",
        "package": "package_mocker",
        "session": "session_mocker",
    },
    "pytest_django": {
        "function": "db transactional_db django_db_reset_sequences django_db_serialized_rollback client async_client "
        "admin_client async_admin_client admin_user rf async_rf settings live_server_helper django_username_field "
        "django_assert_num_queries django_assert_max_num_queries django_capture_on_commit_callbacks mailoutbox "
        "django_mail_patch_dns django_mail_dnsname",
        "session": "live_server django_db_setup django_db_blocker django_db_createdb django_db_keepdb "
        "django_db_modify_db_settings django_db_modify_db_settings_parallel_suffix "
        "django_db_modify_db_settings_tox_suffix django_db_modify_db_settings_xdist_suffix django_db_use_migrations "
        "django_test_environment django_user_model_name",
    },
    "pytest_asyncio": {
        "function": "unused_tcp_port unused_udp_port",
        "session": "event_loop_policy unused_tcp_port_factory unused_udp_port_factory",
    },
    "xdist": {"session": "worker_id testrun_uid"},
    "anyio": {
        "module": "anyio_backend",
        "function": "anyio_backend_name anyio_backend_options free_tcp_port free_udp_port",
        "session": "free_tcp_port_factory free_udp_port_factory",
    },
    "pytest_httpx": {"function": "httpx_mock assert_all_responses_were_requested non_mocked_hosts"},
    "respx": {"function": "respx_mock"},
    "requests_mock": {"function": "requests_mock"},
    "pytest_responses": {"function": "responses"},
    "pytest_httpserver": {"function": "httpserver", "session": "httpserver_listen_address make_httpserver"},
    "pytest_benchmark": {"function": "benchmark benchmark_weave"},
    "faker": {"function": "faker", "session": "_session_faker"},
    "pytest_aiohttp": {"function": "aiohttp_client aiohttp_raw_server aiohttp_server aiohttp_unused_port"},
    "pytest_flask": {
        "function": "client client_class config accept_any accept_json accept_jsonp accept_mimetype",
        "session": "live_server",
    },
    "pytest_freezer": {"function": "freezer"},
    "time_machine": {"function": "time_machine"},
    "pyfakefs": {"function": "fs", "class": "fs_class", "module": "fs_module", "session": "fs_session"},
    "pytest_subprocess": {"function": "fp fake_process"},
    "pytest_datadir": {"function": "datadir original_datadir shared_datadir lazy_datadir lazy_shared_datadir"},
    "pytest_regressions": {
        "function": "data_regression dataframe_regression file_regression image_regression ndarrays_regression "
        "num_regression"
    },
    "syrupy": {"function": "snapshot"},
    "inline_snapshot": {"function": "snapshot"},
    "pytest_snapshot": {"function": "snapshot"},
    "pytest_recording": {
        "function": "vcr block_network record_mode",
        "module": "vcr_config vcr_cassette_dir default_cassette_name",
    },
    "pytest_vcr": {"function": "vcr vcr_cassette_name vcr_cassette", "module": "vcr_config vcr_cassette_dir vcr"},
    "pytest_docker": {
        "session": "docker_ip docker_services docker_compose_file docker_compose_project_name docker_cleanup"
    },
    "pytest_postgresql": {"function": "postgresql", "session": "postgresql_proc postgresql_noproc"},
    "pytest_redis": {"function": "redisdb", "session": "redis_proc redis_nooproc"},
    "pytest_playwright": {
        "function": "page context new_context",
        "session": "browser browser_type browser_name browser_context_args browser_type_launch_args playwright "
        "launch_browser base_url is_webkit is_chromium is_firefox device browser_channel delete_output_dir",
    },
    "pytest_base_url": {"session": "base_url"},
    "pytest_socket": {"function": "socket_disabled socket_enabled"},
    "pytest_structlog": {"function": "log"},
    "pytest_click": {"function": "cli_runner isolated_cli_runner"},
    "pytest_console_scripts": {"function": "script_runner script_launch_mode script_cwd"},
    "pytest_lazy_fixtures": {},
    "pytest_qt": {"function": "qtbot qtlog qtmodeltester", "session": "qapp qapp_args qapp_cls"},
    "pytest_trio": {"function": "nursery autojump_clock mock_clock"},
    "pytest_homeassistant_custom_component": {},
    "pytest_cov": {"function": "cov no_cover"},
    "pytest_metadata": {"session": "metadata include_metadata_in_junit_xml"},
    "pytest_html": {"function": "extra extras"},
    "pytest_localserver": {"function": "httpserver httpsserver smtpserver"},
    "pytest_bdd": {"function": "_pytest_bdd_example"},
    "pytest_celery": {"function": "celery_setup celery_worker celery_broker celery_backend celery_app"},
    "pytest_jupyter": {
        "function": "jp_environ jp_fetch jp_serverapp jp_configurable_serverapp jp_root_dir jp_http_port"
    },
    "pytest_tornasync": {"function": "app http_server http_server_port http_server_client io_loop"},
    "pytest_timeout": {},
    "pytest_lsp": {},
}

_OTHER_NAMES = {
    "_pytest": "pytester",
    "pytestqt": "pytest_qt",
    "pytest_tests_django": "pytest_django",
    "pytest_httpx": "pytest_httpx",
    "pytestdjango": "pytest_django",
}


def plugin_fixtures(module: str) -> list[tuple[str, Fixture]]:
    """Return what is known of the plugin whose module is *module*, each fixture with its name; nothing when unknown."""
    top = module.partition(".")[0]
    known = _PLUGINS.get(top) or _PLUGINS.get(_OTHER_NAMES.get(top, ""), {})
    return [(fixture.function, fixture) for fixture in _fixtures(f"<{top}>", **known)]


def well_known_plugins() -> tuple[str, ...]:
    """Return the plugins of the table; for a project whose environment is not known."""
    return tuple(_PLUGINS)
