"""From the words of a chunk to its statements: the part of Lua 5.0 that is simulated.

Assignments, calls, `local`, `do`, `if`, `while`, numeric `for`, `break`; numbers, strings, tables
and all operators. Not simulated: functions of one's own, `repeat`, `for ... in`, `return`, methods
(`a:b()`), strings in `[[ ]]`; they are syntax errors here and not on the instrument.
"""

from collections.abc import Sequence

from sim_backend.tsp import expressions as e
from sim_backend.tsp import statements as s
from sim_backend.tsp.errors import SyntaxFault
from sim_backend.tsp.tokens import Token, cut

_DEEPEST = 60
# From weak to strong; the second number is how tightly the right side binds.
_BINDING = {
    "or": (1, 1),
    "and": (2, 2),
    **dict.fromkeys(("<", ">", "<=", ">=", "~=", "=="), (3, 3)),
    "..": (5, 4),
    "+": (6, 6),
    "-": (6, 6),
    "*": (7, 7),
    "/": (7, 7),
    "^": (10, 9),
}
_UNARY = 8
_CONSTANTS = {"nil": None, "true": True, "false": False}


def parse(chunk: str) -> s.Block:
    """All statements of a chunk.

    Raises:
        SyntaxFault: with the line, and the word it fell over.
    """
    parser = _Parser(cut(chunk))
    block = parser.block()
    if parser.next.kind != "end":
        raise parser.unexpected()
    return block


class _Parser:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._loops = 0

    @property
    def next(self) -> Token:
        return self._tokens[self._at]

    def unexpected(self) -> SyntaxFault:
        return SyntaxFault(self.next.line, f"unexpected symbol near `{self.next.text}'")

    def _take(self) -> Token:
        token = self.next
        self._at += 1
        return token

    def _sees(self, *signs: str) -> bool:
        return self.next.kind == "sign" and self.next.text in signs

    def _accept(self, sign: str) -> bool:
        if self._sees(sign):
            self._at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            text = f"`{sign}' expected near `{self.next.text}'"
            raise SyntaxFault(self.next.line, text)

    def _name(self) -> str:
        if self.next.kind != "name":
            raise SyntaxFault(self.next.line, f"<name> expected near `{self.next.text}'")
        return self._take().text

    # Statements --------------------------------------------------------------------------------

    def block(self) -> s.Block:
        self._deeper()
        found: list[s.Statement] = []
        while self.next.kind != "end" and not self._sees("end", "else", "elseif"):
            found.append(self._statement())
            self._accept(";")
        self._depth -= 1
        return tuple(found)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise SyntaxFault(self.next.line, "chunk has too many syntax levels")

    def _statement(self) -> s.Statement:
        line = self.next.line
        if self._accept("local"):
            names = self._names()
            return s.Local(line, names, self._expressions() if self._accept("=") else ())
        if self._accept("do"):
            return s.Inner(line, self._body())
        if self._accept("if"):
            return self._if(line)
        if self._accept("while"):
            condition = self._expression()
            self._expect("do")
            return s.While(line, condition, self._loop())
        if self._accept("for"):
            return self._for(line)
        if self._sees("break") and self._loops:
            self._take()
            return s.Leave(line)
        return self._assignment_or_call(line)

    def _body(self) -> s.Block:
        body = self.block()
        self._expect("end")
        return body

    def _loop(self) -> s.Block:
        self._loops += 1
        body = self._body()
        self._loops -= 1
        return body

    def _if(self, line: int) -> s.Statement:
        branches: list[tuple[e.Expression, s.Block]] = []
        while True:
            condition = self._expression()
            self._expect("then")
            branches.append((condition, self.block()))
            if not self._accept("elseif"):
                break
        if self._accept("else"):
            branches.append((e.Literal(True), self.block()))
        self._expect("end")
        return s.If(line, tuple(branches))

    def _for(self, line: int) -> s.Statement:
        name = self._name()
        self._expect("=")
        bounds = self._expressions()
        if not 2 <= len(bounds) <= 3:
            raise self.unexpected()
        self._expect("do")
        return s.For(line, name, bounds, self._loop())

    def _assignment_or_call(self, line: int) -> s.Statement:
        first = self._suffixed()
        if isinstance(first, e.Call):
            return s.Do(line, first)
        targets = [self._target(first)]
        while self._accept(","):
            targets.append(self._target(self._suffixed()))
        self._expect("=")
        return s.Assignment(line, tuple(targets), self._expressions())

    def _target(self, expression: e.Expression) -> e.Name | e.Index:
        if not isinstance(expression, e.Name | e.Index):
            raise self.unexpected()
        return expression

    # Expressions -------------------------------------------------------------------------------

    def _names(self) -> tuple[str, ...]:
        found = [self._name()]
        while self._accept(","):
            found.append(self._name())
        return tuple(found)

    def _expressions(self) -> tuple[e.Expression, ...]:
        found = [self._expression()]
        while self._accept(","):
            found.append(self._expression())
        return tuple(found)

    def _expression(self, tightness: int = 0) -> e.Expression:
        self._deeper()
        if self._sees("not", "-"):
            word = self._take().text
            left: e.Expression = e.Unary(word, self._expression(_UNARY))
        else:
            left = self._simple()
        while self.next.kind == "sign" and self.next.text in _BINDING:
            binds, right_binds = _BINDING[self.next.text]
            if binds <= tightness:
                break
            sign = self._take().text
            right = self._expression(right_binds)
            joins = sign in ("and", "or")
            left = e.Logic(sign, left, right) if joins else e.Binary(sign, left, right)
        self._depth -= 1
        return left

    def _simple(self) -> e.Expression:
        if self.next.kind == "number":
            return e.Literal(float(self._take().text))
        if self.next.kind == "string":
            return e.Literal(self._take().text)
        if self._sees(*_CONSTANTS):
            return e.Literal(_CONSTANTS[self._take().text])
        if self._accept("{"):
            return self._constructor()
        return self._suffixed()

    def _constructor(self) -> e.Expression:
        positional: list[e.Expression] = []
        named: list[tuple[str, e.Expression]] = []
        while not self._accept("}"):
            follows = self._tokens[self._at + 1] if self.next.kind == "name" else None
            if follows is not None and (follows.kind, follows.text) == ("sign", "="):
                name = self._name()
                self._expect("=")
                named.append((name, self._expression()))
            else:
                positional.append(self._expression())
            if not (self._accept(",") or self._accept(";")):
                self._expect("}")
                break
        return e.Constructor(tuple(positional), tuple(named))

    def _suffixed(self) -> e.Expression:
        if self._accept("("):
            # Parentheses leave one value of a call.
            found: e.Expression = e.Single(self._expression())
            self._expect(")")
        elif self.next.kind == "name":
            found = e.Name(self._take().text)
        else:
            raise self.unexpected()
        while True:
            if self._accept("."):
                found = e.Index(found, e.Literal(self._name()))
            elif self._accept("["):
                found = e.Index(found, self._expression())
                self._expect("]")
            elif self._accept("("):
                arguments = () if self._sees(")") else self._expressions()
                self._expect(")")
                found = e.Call(found, arguments)
            elif self._sees("{"):
                self._take()
                found = e.Call(found, (self._constructor(),))
            elif self.next.kind == "string":
                found = e.Call(found, (e.Literal(self._take().text),))
            else:
                return found
