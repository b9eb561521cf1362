"""What a rewrite must keep: the tree apart from what is meant, every comment and every string."""

from __future__ import annotations

import ast
import copy
import difflib
import io
import random
import tokenize
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from testlsp import rewrite
from testlsp.syntax import Statement, parse
from testlsp.text import Edit, apply_edits

Mutation = Callable[[dict[int, Any]], None]
Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


def comments_of(text: str) -> Counter[str]:
    """Return the comments of *text* without the blanks behind them."""
    reader = io.StringIO(text, newline="").readline
    return Counter(
        token.string.rstrip() for token in tokenize.generate_tokens(reader) if token.type == tokenize.COMMENT
    )


def parsed(text: str) -> list[ast.stmt]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text).body


def dump(body: list[ast.stmt]) -> str:
    return ast.dump(ast.Module(body, []))


def block_of(root: Any, child: ast.stmt) -> list[ast.stmt]:
    """Return the list that holds *child*."""
    for node in ast.walk(root):
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and any(item is child for item in value):
                return value
    raise AssertionError("the node is not there")


class Check:
    """Applies one rewrite and compares with the tree that the same change gives when made on nodes."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.root = ast.Module(list(statement.body), [])
        self.done: Counter[str] = Counter()

    def __call__(
        self, name: str, build: Callable[[], list[Edit]], change: Callable[[Any, Any], None], keep: bool = True
    ) -> None:
        """Do *build*, and *change* on a copy; *change* gets a function from node to copy, and the root's copy."""
        try:
            edits = build()
        except rewrite.CannotRewrite as refusal:
            self.done[f"{name} refused: {refusal}"] += 1
            return
        self.done[name] += 1
        text = apply_edits(self.statement.text, edits)
        memo: dict[int, Any] = {}
        root = copy.deepcopy(self.root, memo)
        change(lambda node: memo[id(node)], root)
        lines = difflib.unified_diff(self.statement.text.splitlines(), text.splitlines(), lineterm="")
        context = "\n".join([name, *lines])
        try:
            tree = parsed(text)
        except SyntaxError as error:
            raise AssertionError(f"{error}: {context}") from error
        if dump(tree) != dump(root.body):
            raise AssertionError(context)
        if keep:
            missing = comments_of(self.statement.text) - comments_of(text)
            assert not missing, context


def run_checks(statement: Statement, chooser: random.Random, share: float) -> Counter[str]:
    check = Check(statement)
    for node in ast.walk(check.root):
        if chooser.random() > share:
            continue
        if isinstance(node, Functions):
            check_function(check, node)
        if isinstance(node, ast.With | ast.AsyncWith | ast.Try):
            check_compound(check, node)
        if isinstance(node, ast.stmt) and node not in check.root.body:
            check_statement(check, node, chooser)
        if isinstance(node, ast.Name | ast.Call | ast.BinOp | ast.Constant | ast.Subscript | ast.Attribute):
            check_expression(check, node, chooser)
        if isinstance(node, ast.Call):
            check_call(check, node)
    return check.done


def check_function(check: Check, node: Any) -> None:
    statement = check.statement

    def added(at: Any, root: Any) -> None:
        arguments = at(node).args
        index = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults) - len(arguments.posonlyargs)
        arguments.args.insert(index, ast.arg("zz"))

    check("add_parameter", lambda: rewrite.add_parameter(statement, node, "zz"), added)

    def wrapped(at: Any, root: Any) -> None:
        function = at(node)
        documented = ast.get_docstring(function) is not None
        header = parsed("with zz() as z: pass")[0]
        assert isinstance(header, ast.With)
        header.body = function.body[documented:]
        function.body[documented:] = [header]

    if node.body[bool(ast.get_docstring(node, clean=False) is not None) :]:
        check("wrap_body", lambda: rewrite.wrap_body(statement, node, "zz() as z"), wrapped)

    check_docstring(check, node)
    check_parameters(check, node)

    def yielding(at: Any, root: Any) -> None:
        function = at(node)
        last = function.body[-1]
        if isinstance(last, ast.Return):
            function.body[-1] = ast.Expr(ast.Yield(last.value))
        else:
            function.body.append(ast.Expr(ast.Yield()))
        function.body += parsed("zz()")

    check("return_to_yield", lambda: rewrite.return_to_yield(statement, node, ["zz()"]), yielding)


def check_docstring(check: Check, node: Any) -> None:
    statement = check.statement
    text_of_docstring = ""

    def appended(at: Any, root: Any) -> None:
        function = at(node)
        [new] = parsed(text_of_docstring)
        if ast.get_docstring(function, clean=False) is not None:
            function.body[0] = new
        else:
            function.body.insert(0, new)

    for extend in (rewrite.append_to_docstring, rewrite.replace_docstring):
        try:
            edits = extend(statement, node, ['Say "x" \\', "", '  or """y"'])
        except rewrite.CannotRewrite:
            continue
        result = apply_edits(statement.text, edits)
        found = [other for other in ast.walk(ast.Module(parsed(result), [])) if isinstance(other, Functions)]
        twin = found[[other for other in ast.walk(check.root) if isinstance(other, Functions)].index(node)]
        docstring = ast.get_docstring(twin, clean=False)
        assert docstring is not None
        assert '"x" \\' in docstring
        assert '"""y"' in docstring
        if extend is rewrite.append_to_docstring:
            assert docstring.startswith((ast.get_docstring(node, clean=False) or "").rstrip())
        text_of_docstring = repr(docstring)
        check(extend.__name__, lambda edits=edits: edits, appended)


def check_parameters(check: Check, node: Any) -> None:
    statement = check.statement
    names = [argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]]
    for name in names:

        def removed(at: Any, root: Any, name: str = name) -> None:
            arguments = at(node).args
            for position, argument in enumerate(arguments.args):
                if argument.arg == name:
                    first = len(arguments.args) - len(arguments.defaults)
                    del arguments.defaults[max(0, position - first) : max(0, position - first + 1)]
                    del arguments.args[position]
            for position, argument in enumerate(arguments.kwonlyargs):
                if argument.arg == name:
                    del arguments.kwonlyargs[position], arguments.kw_defaults[position]

        if not node.args.posonlyargs:
            check(
                "remove_parameter",
                lambda name=name: rewrite.remove_parameter(statement, node, name),
                removed,
                keep=False,
            )

        def renamed(at: Any, root: Any, name: str = name) -> None:
            for argument in [*at(node).args.args, *at(node).args.kwonlyargs]:
                if argument.arg == name:
                    argument.arg = "zz"

        check("rename_parameter", lambda name=name: rewrite.rename_parameter(statement, node, name, "zz"), renamed)


def check_compound(check: Check, node: Any) -> None:
    statement = check.statement
    fields = [field for field in ("body", "orelse", "finalbody") if getattr(node, field, None)]
    for field in fields:

        def unwrapped(at: Any, root: Any, field: str = field) -> None:
            twin = at(node)
            block = block_of(root, twin)
            position = [id(item) for item in block].index(id(twin))
            block[position : position + 1] = getattr(twin, field)

        header = statement.text[statement.range(node).start : statement.range(node.body[0]).start]
        # A comment inside the brackets of a header goes with it.
        keep = (
            fields == [field] and not getattr(node, "handlers", None) and "\n" not in header.partition("#")[0].rstrip()
        )
        check(
            f"unwrap_block {field}", lambda field=field: rewrite.unwrap_block(statement, node, field), unwrapped, keep
        )
    for child in node.body[1:]:

        def moved(at: Any, root: Any, child: ast.stmt = child) -> None:
            twin = at(node)
            block = block_of(root, twin)
            position = [id(item) for item in block].index(id(twin)) + 1
            cut = node.body.index(child)
            block[position:position] = twin.body[cut:]
            del twin.body[cut:]

        check("dedent_out", lambda child=child: rewrite.dedent_out(statement, node, child), moved)


def check_statement(check: Check, node: ast.stmt, chooser: random.Random) -> None:
    statement = check.statement
    siblings = block_of(check.root, node)
    position = siblings.index(node)
    last = siblings[chooser.randrange(position, len(siblings))]
    width = siblings.index(last) - position + 1

    def spliced(start: int, end: int, source: str) -> Callable[[Any, Any], None]:
        def change(at: Any, root: Any) -> None:
            block = block_of(root, at(node))
            block[position + start : position + end] = parsed(source)

        return change

    def wrapped(at: Any, root: Any) -> None:
        block = block_of(root, at(node))
        header = parsed("with zz: pass")[0]
        assert isinstance(header, ast.With)
        header.body = block[position : position + width]
        block[position : position + width] = [header]

    compound = ["with zz:", "    for a in b:", "        c()", "d()"]
    check(
        "remove",
        lambda: rewrite.remove_statement(statement, node),
        spliced(0, 1, "pass" if len(siblings) == 1 else ""),
        False,
    )
    check(
        "replace",
        lambda: rewrite.replace_statement(statement, node, "zz()"),
        spliced(0, 1, "zz()"),
        not hasattr(node, "body") and simple(statement, node),
    )
    check(
        "replace by several",
        lambda: rewrite.replace_statement(statement, node, compound),
        spliced(0, 1, "\n".join(compound)),
        False,
    )
    check(
        "replace run",
        lambda: rewrite.replace_statements(statement, node, last, ["zz()", "y()"]),
        spliced(0, width, "zz(); y()"),
        False,
    )
    check("insert_before", lambda: rewrite.insert_before(statement, node, ["zz()", "y()"]), spliced(0, 0, "zz(); y()"))
    check("insert_after", lambda: rewrite.insert_after(statement, node, compound), spliced(1, 1, "\n".join(compound)))
    check("wrap", lambda: rewrite.wrap_in_with(statement, node, last, "zz"), wrapped)


def simple(statement: Statement, node: ast.stmt) -> bool:
    """Whether *node* holds no comment that would go with it."""
    return "#" not in statement.source(node)


def check_expression(check: Check, node: Any, chooser: random.Random) -> None:
    for source in ("zz", "zz if a else b", "a, b", "(yield a)", "a := b", "a,\nb", "not a", "x.y(1)[2]", "-1"):
        new = ast.parse(f"({source})", mode="eval").body

        def replaced(at: Any, root: Any, new: ast.expr = new) -> None:
            twin = at(node)
            for parent in ast.walk(root):
                for name, value in ast.iter_fields(parent):
                    if value is twin:
                        setattr(parent, name, new)
                    elif isinstance(value, list):
                        value[:] = [new if item is twin else item for item in value]

        if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return
        check(
            "replace_expression",
            lambda source=source: rewrite.replace_expression(check.statement, node, source),
            replaced,
            "#" not in check.statement.source(node),
        )
        if chooser.random() < 0.5:
            return


def check_call(check: Check, node: ast.Call) -> None:
    def added(at: Any, root: Any) -> None:
        at(node).keywords.append(ast.keyword("zz", ast.Constant(1)))

    check("add_argument", lambda: rewrite.add_argument(check.statement, node, "zz=1"), added)


def statements_of(text: str) -> Iterator[Statement]:
    """Yield the statements of *text*; of a class, each member in a class of its own, to keep the trees small."""
    for statement in parse("t.py", text).statements:
        if statement.problem or not statement.body:
            continue
        node = statement.body[0]
        if not isinstance(node, ast.ClassDef) or node.body[0].lineno == node.lineno:
            yield statement
            continue
        end = "\r\n" if "\r\n" in statement.text else "\n"
        lines = statement.text.split(end)
        for child in node.body:
            first = min([child.lineno, *(item.lineno for item in getattr(child, "decorator_list", ()))])
            assert child.end_lineno is not None
            rows = lines[first - statement.first_line : child.end_lineno - statement.first_line + 1]
            yield from parse("t.py", end.join(["class Owner:", *rows, ""])).statements
