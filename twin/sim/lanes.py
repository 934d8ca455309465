"""Sixteen float32 numbers at a time, in kernels: what a processor's vector unit does, said outright.

A loop over the neighbours of a person has a dozen turns; the compiler's own vectorising makes scalar code of so short a
loop, and of any loop whose arrays might overlap. Inside a kernel of `twin.jit` these values are added, compared and
chosen from like numbers, and become the widest instructions that the processor has (one of AVX-512, two of AVX2, four
of SSE or NEON)::

    x = load(scratch, 0)
    far = x * x > 4.0
    store(scratch, 0, where(far, 0.0, x))

Every operation is elementwise and rounded as IEEE 754 says, and sums are taken in one fixed order, so that the result
is the same to the bit on any number of threads. Loads and stores do not look at bounds: keep scratch arrays in
multiples of `LANES`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, overload, register_model

LANES = 16

_INT = ir.IntType(32)


class _Floats(types.Type):
    """Sixteen float32."""

    def __init__(self) -> None:
        super().__init__(name="Float32x16")


class _Bools(types.Type):
    """Sixteen truth values."""

    def __init__(self) -> None:
        super().__init__(name="Boolx16")


floats, bools = _Floats(), _Bools()
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_INTS = ir.VectorType(_INT, LANES)


@register_model(_Floats)
class _FloatsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _FLOATS)


@register_model(_Bools)
class _BoolsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.VectorType(ir.IntType(1), LANES))


def _address(context: Any, builder: Any, kind: Any, vector: Any, array: Any, index: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


def _splat(builder: Any, value: Any) -> Any:
    vector = ir.VectorType(value.type, LANES)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(_INT, 0))
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), ir.Constant(_INTS, [0] * LANES))


def _call(builder: Any, name: str, arguments: list[Any]) -> Any:
    kind = ir.FunctionType(_FLOATS, [_FLOATS] * len(arguments))
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v16f32"), arguments)


@intrinsic
def spread(typing: Any, value: Any) -> Any:
    """The same number sixteen times."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _splat(builder, context.cast(builder, arguments[0], signature.args[0], types.float32))

    return floats(value), code


@intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """Sixteen neighbouring elements of a float32 array, from `index` on."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_address(context, builder, signature.args[0], _FLOATS, *arguments), align=4)

    return floats(array, types.intp), code


@intrinsic
def store(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """Write sixteen numbers into a float32 array, from `index` on."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        target = _address(context, builder, signature.args[0], _FLOATS, *arguments[:2])
        builder.store(arguments[2], target, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, floats), code


def _halves(offset: int) -> Any:
    @intrinsic
    def apart(typing: Any, array: Any, index: Any, origin: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pairs = ir.VectorType(_INT, 2 * LANES)
            both = builder.load(_address(context, builder, signature.args[0], pairs, *arguments[:2]), align=8)
            chosen = ir.Constant(_INTS, list(range(offset, 2 * LANES, 2)))
            half = builder.shuffle_vector(both, ir.Constant(pairs, ir.Undefined), chosen)
            return builder.sitofp(builder.sub(half, _splat(builder, arguments[2])), _FLOATS)

        return floats(array, types.intp, types.int32), code

    return apart


# the low half of an integer comes first on every processor that Numba compiles for
low_apart = _halves(0)
"""Low halves of sixteen int64 from an index on, minus an int32, wrapped around, as float32."""

high_apart = _halves(1)
"""High halves of sixteen int64 from an index on, minus an int32, wrapped around, as float32."""


def _fourths(offset: int) -> Any:
    @intrinsic
    def every_fourth(typing: Any, array: Any, index: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            records = ir.VectorType(ir.FloatType(), 4 * LANES)
            all_ = builder.load(_address(context, builder, signature.args[0], records, *arguments), align=4)
            chosen = ir.Constant(_INTS, list(range(offset, 4 * LANES, 4)))
            return builder.shuffle_vector(all_, ir.Constant(records, ir.Undefined), chosen)

        return floats(array, types.intp), code

    return every_fourth


first_of_four, second_of_four, third_of_four, last_of_four = (_fourths(offset) for offset in range(4))
"""One number of each of sixteen records of four float32 that stand together from an index on."""


@intrinsic
def copy_four(typing: Any, source: Any, index: Any, target: Any, place: Any) -> Any:
    """Copy four neighbouring elements from one float32 array into another."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        four = ir.VectorType(ir.FloatType(), 4)
        read = _address(context, builder, signature.args[0], four, *arguments[:2])
        builder.store(builder.load(read, align=4), _address(context, builder, signature.args[2], four, *arguments[2:]), align=4)
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp), code


def _bitwise(name: str, *more: Any) -> Any:
    @intrinsic
    def count(typing: Any, bits: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            word = ir.IntType(64)
            kind = ir.FunctionType(word, [word, *(constant.type for constant in more)])
            return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.i64"), [arguments[0], *more])

        return types.int64(types.uint64), code

    return count


ones = _bitwise("ctpop")
"""How many bits are set."""

lowest = _bitwise("cttz", ir.Constant(ir.IntType(1), 0))
"""Number of the lowest bit that is set; 64 when none is."""


@intrinsic
def as_bits(typing: Any, mask: Any) -> Any:
    """The sixteen truth values as bits of a number, the first as the lowest."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.zext(builder.bitcast(arguments[0], ir.IntType(LANES)), ir.IntType(64))

    return types.uint64(bools), code


@intrinsic
def before(typing: Any, count: Any) -> Any:
    """True for the first `count` of the sixteen."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.icmp_signed("<", ir.Constant(_INTS, list(range(LANES))), _splat(builder, arguments[0]))

    return bools(types.int32), code


@intrinsic
def where(typing: Any, mask: Any, yes: Any, no: Any) -> Any:
    """`yes` where the mask is true, else `no`."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    return floats(bools, floats, floats), code


@intrinsic
def root(typing: Any, value: Any) -> Any:
    """Square roots."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _call(builder, "sqrt", [arguments[0]])

    return floats(floats), code


@intrinsic
def magnitude(typing: Any, value: Any) -> Any:
    """Absolute values."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _call(builder, "fabs", [arguments[0]])

    return floats(floats), code


@intrinsic
def fused(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """a * b + c, rounded once."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _call(builder, "fma", list(arguments))

    return floats(floats, floats, floats), code


def _halved(combine: Callable[[Any, Any, Any], Any]) -> Any:
    """One number of sixteen: the upper half onto the lower until one is left, so the order never changes."""

    @intrinsic
    def reduce(typing: Any, value: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            vector, size = arguments[0], LANES
            while size > 1:
                size //= 2
                nothing = ir.Constant(vector.type, ir.Undefined)
                kind = ir.VectorType(_INT, size)
                low = builder.shuffle_vector(vector, nothing, ir.Constant(kind, list(range(size))))
                high = builder.shuffle_vector(vector, nothing, ir.Constant(kind, list(range(size, 2 * size))))
                vector = combine(builder, low, high)
            return builder.extract_element(vector, ir.Constant(_INT, 0))

        return types.float32(floats), code

    return reduce


@intrinsic
def totals(typing: Any, a: Any, b: Any) -> Any:
    """Sums of sixteen and of other sixteen, each added up as `total` does: cheaper than one after the other."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def chosen(one: Any, other: Any, lanes: list[int]) -> Any:
            return builder.shuffle_vector(one, other, ir.Constant(ir.VectorType(_INT, len(lanes)), lanes))

        def halved(vector: Any, low: list[int], high: list[int]) -> Any:
            nothing = ir.Constant(vector.type, ir.Undefined)
            return builder.fadd(chosen(vector, nothing, low), chosen(vector, nothing, high))

        x, y = (halved(vector, list(range(8)), list(range(8, 16))) for vector in arguments)
        # four of the one beside four of the other, and on in halves of each
        both = builder.fadd(chosen(x, y, [0, 1, 2, 3, 8, 9, 10, 11]), chosen(x, y, [4, 5, 6, 7, 12, 13, 14, 15]))
        both = halved(both, [0, 1, 4, 5], [2, 3, 6, 7])
        both = halved(both, [0, 2], [1, 3])
        pair = [builder.extract_element(both, ir.Constant(_INT, k)) for k in range(2)]
        return context.make_tuple(builder, signature.return_type, pair)

    return types.UniTuple(types.float32, 2)(floats, floats), code


def _less(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", a, b), a, b)


def _more(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


total = _halved(lambda builder, a, b: builder.fadd(a, b))
"""Sum of the sixteen."""

least = _halved(_less)
"""Smallest of the sixteen."""


def _elementwise(make: Callable[[Any, Any, Any], Any], result: Any) -> Any:
    @intrinsic
    def apply(typing: Any, a: Any, b: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return make(builder, *arguments)

        return result(a, b), code

    return apply


def _lift(function: Callable[..., Any], apply: Any, kind: type) -> None:
    """Let an operator take two sets of lanes, or one and a number."""

    @overload(function)
    def implementation(a, b):
        if isinstance(a, kind) and isinstance(b, kind):
            return lambda a, b: apply(a, b)
        if kind is _Floats and isinstance(a, kind) and isinstance(b, types.Number):
            return lambda a, b: apply(a, spread(b))
        if kind is _Floats and isinstance(b, kind) and isinstance(a, types.Number):
            return lambda a, b: apply(spread(a), b)
        return None


smaller = _elementwise(_less, floats)
"""The smaller of two, each."""

larger = _elementwise(_more, floats)
"""The larger of two, each."""



def _named(name: str) -> Callable[[Any, Any, Any], Any]:
    return lambda builder, x, y: getattr(builder, name)(x, y)


def _compared(sign: str) -> Callable[[Any, Any, Any], Any]:
    return lambda builder, x, y: builder.fcmp_ordered(sign, x, y)


for _operator, _name in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"), (operator.truediv, "fdiv")):
    _lift(_operator, _elementwise(_named(_name), floats), _Floats)
for _operator, _sign in ((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">=")):
    _lift(_operator, _elementwise(_compared(_sign), bools), _Floats)
for _operator, _name in ((operator.and_, "and_"), (operator.or_, "or_")):
    _lift(_operator, _elementwise(_named(_name), bools), _Bools)
