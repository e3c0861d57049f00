"""why_illegal: the one statement of which specs can be built, with the reason where one cannot."""

from codegen.arch import ARCHS
from codegen.families import FAMILIES
from codegen.family import Rule
from codegen.spec import KernelSpec

CHOICES = ("grouping", "layout", "out_dtype", "scaling", "in_dtype")  # fields that Family.choices may name
NO_CHOICE = ("",)


def _arch(spec: KernelSpec) -> str | None:
    if spec.arch not in ARCHS:
        return f"arch is {spec.arch!r}; known are {', '.join(ARCHS)}"
    return None


def _family(spec: KernelSpec) -> str | None:
    if spec.family not in FAMILIES:
        return f"family is {spec.family!r}; known are {', '.join(FAMILIES)}"
    return None


def _arch_of_family(spec: KernelSpec) -> str | None:
    archs = FAMILIES[spec.family].kernels
    if spec.arch not in archs:
        return f"family {spec.family} has a kernel for {' and '.join(archs)} alone, not for {spec.arch}"
    return None


def _allowed(known: tuple[str, ...]) -> str:
    if known == NO_CHOICE:
        return "none"
    return ", ".join(known) if len(known) > 1 else f"{known[0]!r} alone"


def _choices(spec: KernelSpec) -> str | None:
    for field in CHOICES:
        value, known = getattr(spec, field), FAMILIES[spec.family].choices.get(field, NO_CHOICE)
        if value not in known:
            return f"{field} is {value!r}; family {spec.family} has {_allowed(known)}"
    return None


def _shared_memory(spec: KernelSpec) -> str | None:
    block, limit = FAMILIES[spec.family].kernels[spec.arch].block, ARCHS[spec.arch].shared_limit
    needed = block(spec).shared_bytes if block else 0
    return f"{needed} bytes of shared memory; a block has {limit}" if needed > limit else None


def rules_of(spec: KernelSpec) -> tuple[Rule, ...]:
    """Every rule for specs of this family and architecture, in the order in which they are asked."""
    family = FAMILIES.get(spec.family)
    kernels = family.kernels.get(spec.arch) if family else None
    return _arch, _family, _arch_of_family, _choices, *(kernels.rules if kernels else ()), _shared_memory


def why_illegal(spec: KernelSpec) -> str | None:
    """The first reason why `spec` cannot be built, or None."""
    return next((reason for rule in rules_of(spec) if (reason := rule(spec)) is not None), None)
