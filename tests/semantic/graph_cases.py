# ruff: noqa: E501 - the lines of the small projects are as they are
"""Small projects, each about one way in which pytest finds a fixture. File name to text; ``site/`` is a folder of packages."""

from __future__ import annotations

FIXTURE = "import pytest\n\n"

CASES: dict[str, dict[str, str]] = {
    "overridden at each level": {
        "conftest.py": FIXTURE
        + "@pytest.fixture(scope='session')\ndef db(): return 0\n@pytest.fixture\ndef app(db): pass\n",
        "sub/conftest.py": FIXTURE + "@pytest.fixture(scope='module')\ndef db(): return 1\n",
        "sub/test_a.py": FIXTURE
        + "@pytest.fixture\ndef db(): return 2\ndef test_module(app): pass\n"
        + "class TestIt:\n    @pytest.fixture(scope='class')\n    def db(self): return 3\n    def test_class(self, db, app): pass\n",
        "sub/test_b.py": "def test_conftest(db): pass\n",
        "test_c.py": "def test_root(app): pass\n",
    },
    "override that asks for its own name": {
        "conftest.py": FIXTURE
        + "@pytest.fixture\ndef db(tmp_path): return tmp_path\n@pytest.fixture\ndef user(db): pass\n",
        "sub/conftest.py": FIXTURE + "@pytest.fixture\ndef db(db, monkeypatch): return db\n",
        "sub/test_a.py": FIXTURE
        + "@pytest.fixture\ndef db(user, db): return db\ndef test_a(db): pass\n"
        + "class TestIt:\n    @pytest.fixture\n    def db(self, db, capsys): return db\n    def test_b(self, user): pass\n",
        "test_exhausted.py": FIXTURE + "@pytest.fixture\ndef alone(alone): pass\ndef test_c(alone): pass\n",
    },
    "class fixtures and nested classes": {
        "test_a.py": FIXTURE
        + """
class TestOuter:
    @pytest.fixture
    def one(self): pass
    class TestInner:
        @pytest.fixture
        def two(self, one): pass
        def test_inner(self, two): pass
        class TestInnermost:
            @pytest.fixture(autouse=True)
            def always(self, two): pass
            @staticmethod
            @pytest.fixture
            def three(one): pass
            @pytest.fixture
            @staticmethod
            def four(one): pass
            @pytest.fixture
            @classmethod
            def five(cls, one): pass
            def test_innermost(self, three, four, five): pass
            @staticmethod
            def test_static(two): pass
            @classmethod
            def test_class(cls, two): pass
    def test_outer(self, one): pass
def test_module(one): pass
"""
    },
    "inherited fixtures and tests": {
        "base.py": FIXTURE
        + """
class Root:
    @pytest.fixture
    def root(self): pass
    @pytest.fixture
    def both(self): pass
class Base(Root):
    @pytest.fixture
    def client(self, root): pass
    @pytest.fixture(autouse=True)
    def always(self, both): pass
    def test_inherited(self, client): pass
class Left(Root):
    @pytest.fixture
    def both(self, tmp_path): pass
    @pytest.fixture
    def side(self, tmp_path): pass
class Right(Root):
    @pytest.fixture
    def both(self, capsys): pass
    @pytest.fixture
    def side(self, capsys): pass
""",
        "test_a.py": FIXTURE
        + """
import base
from base import Base, Left, Right as R
class Mixin:
    @pytest.fixture
    def mixed(self, client): pass
    def test_mixed(self, mixed): pass
class TestIt(Mixin, Base):
    @pytest.fixture
    def client(self, client, monkeypatch): pass
class TestDiamond(Left, R):
    def test_side(self, side, both): pass
class TestDotted(base.Base):
    def test_dotted(self, client): pass
class TestChild(TestIt):
    def test_child(self, mixed): pass
    class TestInside(Base):
        def test_inside(self, mixed, client): pass
""",
    },
    "imported fixtures": {
        "fixtures/__init__.py": "from .database import db\nfrom fixtures.web import client as web_client\n",
        "fixtures/database.py": FIXTURE
        + "@pytest.fixture\ndef db(tmp_path): pass\n@pytest.fixture(autouse=True)\ndef clean(db): pass\n",
        "fixtures/web.py": FIXTURE
        + "@pytest.fixture(scope='module')\ndef client(): pass\n@pytest.fixture(name='shown')\ndef hidden(): pass\n",
        "conftest.py": "from fixtures import db\nfrom fixtures.web import hidden as other\n",
        "test_a.py": "from fixtures import web_client, db as database\nimport fixtures.web\nclient = fixtures.web.client\n"
        "def test_a(db, database, web_client, client, shown): pass\n",
        "test_b.py": "from fixtures.database import clean\ndef test_b(): pass\n",
        "test_c.py": "def test_c(web_client, other): pass\n",
    },
    "star imports": {
        "tests/__init__.py": "",
        "tests/kit/__init__.py": "from .one import *\nfrom .two import *\n",
        "tests/kit/one.py": FIXTURE
        + "__all__ = ['alpha']\n@pytest.fixture\ndef alpha(): pass\n@pytest.fixture\ndef beta(): pass\n",
        "tests/kit/two.py": FIXTURE
        + "from .three import *\n@pytest.fixture\ndef gamma(alpha): pass\n@pytest.fixture\ndef _private(): pass\n",
        "tests/kit/three.py": FIXTURE
        + "from .two import *\n@pytest.fixture\ndef delta(): pass\n@pytest.fixture\ndef plain(): pass\n",
        "tests/conftest.py": "from tests.kit import *\ndef plain(): return 1\n",
        "tests/unit/__init__.py": "",
        "tests/unit/test_a.py": "from ..kit.one import *\ndef test_a(alpha, gamma, delta): pass\n"
        "def test_b(beta, _private, plain): pass\n",
    },
    "plugins named by a string": {
        "conftest.py": "pytest_plugins = 'kit.first'\n",
        "kit/__init__.py": "",
        "kit/first.py": FIXTURE + "pytest_plugins = 'kit.second'\n@pytest.fixture\ndef one(two): pass\n",
        "kit/second.py": FIXTURE
        + "@pytest.fixture(scope='session')\ndef two(): pass\n@pytest.fixture\ndef one(): pass\n",
        "test_a.py": "def test_a(one): pass\n",
    },
    "plugins named by a list, also in a test module": {
        "conftest.py": FIXTURE
        + "pytest_plugins = ['first', 'second', 'pytester']\n@pytest.fixture\ndef three(one): pass\n",
        "first.py": FIXTURE
        + "@pytest.fixture\ndef one(): pass\n@pytest.fixture(autouse=True)\ndef always(one): pass\n",
        "second.py": FIXTURE + "@pytest.fixture\ndef one(one): pass\n",
        "third.py": FIXTURE + "@pytest.fixture\ndef three(three): pass\n@pytest.fixture\ndef four(three): pass\n",
        "test_a.py": "def test_a(three, pytester): pass\n",
        "test_b.py": "pytest_plugins = ('third',)\ndef test_b(four): pass\n",
    },
    "parametrised names shadow fixtures": {
        "conftest.py": FIXTURE
        + "@pytest.fixture\ndef x(tmp_path): pass\n@pytest.fixture\ndef y(x): pass\n@pytest.fixture(params=[1, 2])\ndef p(): pass\n",
        "test_a.py": FIXTURE
        + """
@pytest.mark.parametrize('x', [1])
def test_direct(x, y): pass
@pytest.mark.parametrize(('x', 'z'), [(1, 2)])
def test_tuple(x, z, y): pass
@pytest.mark.parametrize(['x', 'z'], [(1, 2)])
def test_list(x, z): pass
@pytest.mark.parametrize('x , z', [(1, 2)])
@pytest.mark.parametrize('p', [3])
def test_spaces(x, z, p, y): pass
@pytest.mark.parametrize(argnames='x', argvalues=[1], ids=['a'])
class TestIt:
    def test_keyword(self, x, y): pass
def test_fixture(x, y, p): pass
""",
        "test_module.py": FIXTURE
        + "pytestmark = [pytest.mark.parametrize('x', [1]), pytest.mark.slow]\ndef test_m(x, y): pass\n",
    },
    "indirect parametrisation": {
        "conftest.py": FIXTURE
        + "@pytest.fixture\ndef x(request, tmp_path): pass\n@pytest.fixture\ndef y(request, x): pass\n",
        "test_a.py": FIXTURE
        + """
@pytest.mark.parametrize('x', [1], indirect=True)
def test_true(x): pass
@pytest.mark.parametrize('x, y', [(1, 2)], indirect=['y'])
def test_list(x, y): pass
@pytest.mark.parametrize('x, y', [(1, 2)], indirect=('x',))
def test_tuple(x, y): pass
@pytest.mark.parametrize('x, y', [(1, 2)], indirect=False)
def test_false(x, y): pass
""",
    },
    "autouse at each level": {
        "conftest.py": FIXTURE
        + "@pytest.fixture(autouse=True, scope='session')\ndef a_session(tmp_path_factory): pass\n",
        "sub/conftest.py": FIXTURE + "@pytest.fixture(autouse=True)\ndef b_directory(): pass\n",
        "sub/test_a.py": FIXTURE
        + "@pytest.fixture(autouse=True)\ndef c_module(helper): pass\n@pytest.fixture\ndef helper(): pass\n"
        + "class TestIt:\n    @pytest.fixture(autouse=True)\n    def d_class(self): pass\n    def test_a(self): pass\n"
        + "def test_b(): pass\n",
        "test_c.py": FIXTURE + "def test_c(): pass\n@pytest.fixture(autouse=False)\ndef unused(): pass\n",
        "other/test_d.py": FIXTURE
        + "@pytest.fixture(autouse=True)\ndef a_session(a_session): pass\ndef test_d(): pass\n",
    },
    "usefixtures in marks and settings": {
        "pytest.ini": "[pytest]\nusefixtures = from_ini\nmarkers = slow\n",
        "conftest.py": FIXTURE
        + "".join(f"@pytest.fixture\ndef {name}(): pass\n" for name in "from_ini one two three four five".split()),
        "marks.py": FIXTURE + "needs_five = pytest.mark.usefixtures('five')\n",
        "test_a.py": FIXTURE
        + """
from marks import needs_five
import marks
pytestmark = [pytest.mark.usefixtures('one'), pytest.mark.slow]
needs_two = pytest.mark.usefixtures('two')
@pytest.mark.usefixtures('two', 'three')
class TestIt:
    pytestmark = pytest.mark.usefixtures('four')
    @needs_five
    def test_a(self): pass
class TestChild(TestIt):
    @pytest.mark.usefixtures()
    def test_b(self): pass
@needs_two
@pytest.mark.slow
def test_c(): pass
@marks.needs_five
def test_d(): pass
""",
        "test_b.py": "from pytest import mark\npytestmark = mark.usefixtures('three')\ndef test_e(): pass\n",
        "test_c.py": "import pytest as pt\n@pt.mark.usefixtures('one')\n@pt.mark.usefixtures('two')\ndef test_f(): pass\n",
    },
    "fixtures with a name of their own": {
        "conftest.py": "from pytest import fixture\n@fixture(name='db')\ndef make_db(): pass\n@fixture(name='db')\ndef a_first(): pass\n"
        "@fixture(name='db')\ndef z_last(db): pass\n",
        "test_a.py": "from pytest import fixture as fx\n@fx(name='app', scope='module')\ndef _app(): pass\n"
        "def test_a(db, app): pass\ndef test_b(_app): pass\n",
        "test_called.py": FIXTURE
        + "def make(): pass\nassigned = pytest.fixture(make)\nscoped = pytest.fixture(scope='session')(make)\n"
        "def test_c(assigned, scoped): pass\n",
    },
    "fixtures under a condition": {
        "conftest.py": FIXTURE
        + """
import sys
from typing import TYPE_CHECKING
if sys.version_info > (3, 0):
    @pytest.fixture
    def one(): pass
else:
    @pytest.fixture
    def one(): pass
try:
    import json
except ImportError:
    json = None
else:
    @pytest.fixture(scope='session')
    def two(): pass
try:
    @pytest.fixture
    def three(one): pass
finally:
    pass
with open(__file__):
    @pytest.fixture
    def four(): pass
if TYPE_CHECKING:
    @pytest.fixture
    def never(): pass
for _ in range(1):
    @pytest.fixture
    def five(): pass
""",
        "test_a.py": "def test_a(one, two, three, four, five): pass\ndef test_b(never): pass\n",
    },
    "replaced definitions": {
        "conftest.py": FIXTURE
        + "@pytest.fixture\ndef one(): pass\n@pytest.fixture\ndef two(): pass\n@pytest.fixture\ndef three(): pass\n",
        "test_a.py": FIXTURE + "@pytest.fixture\ndef one(): pass\n@pytest.fixture\ndef one(tmp_path): pass\n"
        "@pytest.fixture\ndef two(capsys): pass\ndef two(): pass\n@pytest.fixture\ndef three(): pass\nthree = None\n"
        "def test_a(one, two, three): pass\ndef test_twice(one): pass\ndef test_twice(two): pass\n",
    },
    "scope from a callable": {
        "conftest.py": FIXTURE + "def decide(fixture_name, config): return 'module'\nSCOPE = 'session'\n"
        "@pytest.fixture(scope=decide)\ndef one(): pass\n@pytest.fixture(scope=SCOPE)\ndef two(): pass\n"
        "@pytest.fixture(scope='package')\ndef three(): pass\n@pytest.fixture(scope=None)\ndef four(): pass\n",
        "test_a.py": "def test_a(one, two, three, four): pass\n",
    },
    "an installed plugin": {
        "site/acme-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
        "site/acme-1.0.dist-info/entry_points.txt": "[console_scripts]\nacme = acme:main\n\n[pytest11]\nacme = acme.plugin\n",
        "site/acme/__init__.py": "",
        "site/acme/plugin.py": FIXTURE
        + "from acme.more import rocket\nfrom .all import *\n@pytest.fixture(scope='session')\ndef anvil(): pass\n"
        "@pytest.fixture(autouse=True)\ndef acme_always(anvil): pass\n",
        "site/acme/more.py": FIXTURE + "@pytest.fixture\ndef rocket(anvil): pass\n",
        "site/acme/all.py": FIXTURE + "@pytest.fixture\ndef magnet(rocket): pass\n",
        "site/other-2.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: other\nVersion: 2.0\n",
        "site/other-2.0.dist-info/entry_points.txt": "[pytest11]\nother = other\n",
        "site/other.py": FIXTURE + "@pytest.fixture\ndef refused(): pass\n",
        "pytest.ini": "[pytest]\naddopts = -p no:other\n",
        "conftest.py": FIXTURE + "@pytest.fixture\ndef anvil(anvil): pass\n",
        "test_a.py": "def test_a(magnet, mocker, refused): pass\n",
    },
    "conftests between the root and the tests": {
        "conftest.py": FIXTURE + "@pytest.fixture\ndef outside(): pass\n",
        "project/pytest.ini": "[pytest]\ntestpaths = tests\npythonpath = src\n",
        "project/src/kit.py": FIXTURE + "@pytest.fixture\ndef tool(): pass\n",
        "project/tests/conftest.py": "from kit import *\n",
        "project/tests/unit/deep/conftest.py": FIXTURE + "@pytest.fixture\ndef deep(tool): pass\n",
        "project/tests/unit/deep/test_a.py": "def test_a(deep): pass\n",
        "project/tests/unit/test_b.py": "def test_b(deep, tool, outside): pass\n",
    },
    "unittest classes": {
        "conftest.py": FIXTURE + "@pytest.fixture\ndef db(): pass\n@pytest.fixture(autouse=True)\ndef around(): pass\n",
        "test_a.py": """
import unittest
from unittest import TestCase, mock
import pytest
class Base(TestCase):
    @pytest.fixture(autouse=True)
    def _db(self, db): self.db = db
    def setUp(self): pass
    @classmethod
    def setUpClass(cls): pass
class LoginCase(Base):
    @mock.patch('os.getcwd')
    def test_a(self, getcwd): pass
@pytest.mark.usefixtures('tmp_path')
class Plain(unittest.TestCase):
    def test_b(self): pass
class TestPlain:
    def setup_method(self): pass
    def test_c(self, db): pass
""",
    },
    "parameters that are no fixtures": {
        "conftest.py": FIXTURE
        + "@pytest.fixture\ndef one(tmp_path, two=1, *args, **more): pass\n@pytest.fixture\ndef two(): pass\n",
        "test_a.py": """
from unittest import mock
from unittest.mock import patch
import unittest.mock as um
@patch('os.getcwd')
@mock.patch.object(dict, 'get', create=True)
@um.patch('os.sep', '/')
def test_patched(first, second, one): pass
@patch('os.getcwd', new=None)
@patch.dict('os.environ', {})
def test_not_passed(one): pass
def test_defaults(one, two=1): pass
def test_keyword(*, one, two=None): pass
def test_positional(x=1, /, one=2, *rest, two): pass
async def test_async(one): pass
""",
    },
    "fixtures asked for at run time": {
        "conftest.py": FIXTURE
        + "@pytest.fixture\ndef one(): pass\n@pytest.fixture\ndef two(request): return request.getfixturevalue('one')\n",
        "test_a.py": "def test_a(request): request.getfixturevalue('two')\ndef test_b(two): pass\n"
        "def test_c(request, capsys):\n    for name in ['one']: request.getfixturevalue(name)\n",
    },
    "conftest in packages and collected names of one's own": {
        "pytest.ini": "[pytest]\npython_functions = check_* test\npython_classes = Suite*\npython_files = test_*.py check_*.py\n",
        "tests/__init__.py": "",
        "tests/conftest.py": "from .support.fixtures import *\nfrom .support import fixtures as kit\nrenamed = kit.one\n",
        "tests/support/__init__.py": "",
        "tests/support/fixtures.py": FIXTURE + "@pytest.fixture\ndef one(): pass\n",
        "tests/check_a.py": "def check_a(one): pass\nclass SuiteOne:\n    def check_b(self, renamed): pass\n    def other(self, x): pass\n",
        "tests/unit/__init__.py": "",
        "tests/unit/test_b.py": "from tests.support.fixtures import one as uno\nfrom ..check_a import SuiteOne, check_a\ndef test_b(uno): pass\n",
    },
}
