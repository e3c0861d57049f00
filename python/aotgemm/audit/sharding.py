"""A model's layers, cut for one rank of tensor and expert parallelism as vLLM and SGLang cut them."""

from collections.abc import Iterable, Iterator, Sequence

from ..choice import MOST_EXTENT
from ..errors import PlanError
from .calls import Call
from .quantization import FP8_BLOCK, UNQUANTISED, Quantization, Scheme
from .sizes import Sizes

BLOCK = 128  # weights that a scale covers, along N and along K
VOCABULARY_PADDING = 64  # DEFAULT_VOCAB_PADDING_SIZE of both engines
MOST_RANKS = 4096  # of those that a message tries
HALF = "float16"

Parts = Sequence[tuple[str, int]]  # modules that engines fuse along N, and the rows of each


def experts_ranks(tp: int, ep: int) -> int:
    """Ranks that share each expert: of tp ranks, ep sets of experts leave so many for each set."""
    if max(tp, ep) % min(tp, ep):
        raise PlanError(f"tp, ep: are {tp}, {ep}, allowed is that one is a multiple of the other")
    return max(tp // ep, 1)


def check_blocks(extent: int, ranks: int, what: str, way_out: str = "") -> None:
    """Refuses a share that ends within a block of scales, as engines do when they load a model.

    way_out: what else the caller may do than take other ranks.
    """
    if extent % (ranks * BLOCK) == 0:
        return
    fits = [str(n) for n in range(1, min(extent // BLOCK, MOST_RANKS) + 1) if extent % (n * BLOCK) == 0]
    allowed = f"ranks that fit: {', '.join(fits)}" if fits else f"allowed is a multiple of {BLOCK}"
    raise PlanError(
        f"tp, ep: {what} is {extent}, of which each of {ranks} ranks has {extent / ranks:g}, "
        f"but FP8 weights have a scale for each {BLOCK}; {allowed}{way_out}"
    )


class Shard:
    """The calls of one of tp ranks, or of ep ranks for experts.

    roots: what may stand before "layers.3..." in the names of modules.
    """

    def __init__(self, sizes: Sizes, quantization: Quantization, tp: int, ep: int, roots: Sequence[str]) -> None:
        self.sizes, self.quantization, self.tp, self.ep = sizes, quantization, tp, ep
        self.expert_ranks = experts_ranks(tp, ep)
        self._roots = roots
        stated = (sizes.text("dtype"), sizes.text("torch_dtype"))
        self._half = HALF in [text.removeprefix("torch.") for text in stated if text]

    def split(self, value: int, ranks: int, what: str) -> int:
        """One rank's share. Raises PlanError if it is not whole."""
        if value % ranks:
            raise PlanError(f"tp, ep: {what} is {value}, which {ranks} ranks cannot share equally")
        return value // ranks

    def over_tp(self, value: int, what: str) -> int:
        return self.split(value, self.tp, what)

    def _served(self, scheme: Scheme) -> Scheme:
        if scheme.missing or not self._half:
            return scheme
        return Scheme(f"{scheme.family}_fp16", "config: dtype is 'float16'; this library computes in bfloat16")

    def schemes(self, modules: Iterable[str], layers: Iterable[int]) -> list[Scheme]:
        """Each scheme that modules fused into one call have in any of these layers, once."""
        found: dict[Scheme, None] = {}
        for index in layers:
            by_module = {
                module: self.quantization.scheme_of([f"{root}layers.{index}.{module}" for root in self._roots])
                for module in modules
            }
            if len(set(by_module.values())) > 1:
                told = ", ".join(f"{module} {scheme.family}" for module, scheme in by_module.items())
                raise PlanError(f"config: quantization_config gives layer {index} {told}, but engines fuse these")
            found[next(iter(by_module.values()))] = None
        return list(found)

    def call(self, layer: str, scheme: Scheme, n: int, k: int, **fields: object) -> Call:
        """Raises PlanError for sizes that no call takes."""
        for name, extent in (("N", n), ("K", k)):
            if extent > MOST_EXTENT:
                raise PlanError(f"config: {layer} has {name} = {extent}, allowed is at most {MOST_EXTENT}")
        served = self._served(scheme)
        return Call((layer,), served.family, n, k, missing=served.missing, **fields)

    def columns(self, layer: str, parts: Parts, k: int, layers: Iterable[int]) -> Iterator[Call]:
        """N, of each part, over the tp ranks ("column parallel"). Parts are whole: the rows of all ranks."""
        n = sum(self.over_tp(rows, f"N of {module}") for module, rows in parts)
        for scheme in self.schemes([module for module, _ in parts], layers):
            if scheme == FP8_BLOCK and (self.tp > 1 or len(parts) > 1):
                for module, rows in parts:
                    check_blocks(rows, self.tp, f"N of {module}")
            yield self.call(layer, scheme, n, k)

    def rows(self, module: str, n: int, k: int, layers: Iterable[int], layer: str | None = None) -> Iterator[Call]:
        """K over the tp ranks ("row parallel")."""
        mine = self.over_tp(k, f"K of {module}")
        for scheme in self.schemes([module], layers):
            if scheme == FP8_BLOCK and self.tp > 1:
                check_blocks(k, self.tp, f"K of {module}")
            yield self.call(layer or module, scheme, n, mine)

    def replicated(self, layer: str, parts: Parts, k: int, layers: Iterable[int]) -> Iterator[Call]:
        """The whole layer on every rank. All parts but the last must end where a block does."""
        for scheme in self.schemes([module for module, _ in parts], layers):
            if scheme == FP8_BLOCK:
                for module, rows in parts[:-1]:
                    check_blocks(rows, 1, f"N of {module}")
            yield self.call(layer, scheme, sum(rows for _, rows in parts), k)

    def unquantised(self, layer: str, n: int, k: int, out_dtype: str = "bf16") -> Call:
        """A layer that no format quantises."""
        return self.call(layer, UNQUANTISED, n, k, out_dtype=out_dtype)

    def head(self, hidden: int) -> Call:
        """Engines pad the vocabulary to a multiple of 64; SGLang, where ranks cannot share that, to one of 64 each."""
        padding = VOCABULARY_PADDING
        vocabulary = self.sizes.size("vocab_size")
        if -(-vocabulary // padding) * padding % self.tp:
            padding *= self.tp
        return self.call("lm_head", self.quantization.head, -(-vocabulary // padding) * padding // self.tp, hidden)

    def _whole_experts(self, experts: int) -> str:
        return f", or --ep {self.tp}, which cuts no expert" if experts % self.tp == 0 else ""

    def experts(self, layer: str, scheme: Scheme, n: int, k: int, experts: int, width: int) -> Iterator[Call]:
        """A layer of routed experts in the ways in which serving engines call it: prefill by per-row index or by end
        offsets, decode by masks. width: the whole width of an expert.
        """
        groups = self.split(experts, self.ep, "the number of experts")
        topk = self.sizes.size("num_experts_per_tok")
        if scheme == FP8_BLOCK:
            check_blocks(width, self.expert_ranks, f"the width of {layer}", self._whole_experts(experts))
        for grouping, factor in (("contiguous", topk), ("psum", topk), ("masked", 1)):
            yield self.call(layer, scheme, n, k, grouping=grouping, groups=groups, tokens_factor=factor)
