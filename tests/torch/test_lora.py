"""Steps of LoRA on frozen FP8 weights: the order of the batch changes nothing that aotgemm computes.

The adapters are PyTorch's, whose gradients are sums over the batch. They are kept in FP64 here, so that the order of
such a sum is lost when it is rounded to FP32, and what remains would come from the layers.
"""

import aotgemm.torch
import torch
from layer_weights import bf16, blocks, stacked

T, H, I, E, SLOTS, RANK, STEPS, RATE = 12, 144, 80, 4, 2, 4, 3, 0.5  # noqa: E741


class Adapted(torch.nn.Module):
    """A linear layer and experts, an adapter beside each."""

    def __init__(self):
        super().__init__()
        self.linear, self.experts = aotgemm.torch.FP8Linear(H, H), aotgemm.torch.FP8Experts(E, H, I)
        self.linear.weight.data, self.linear.weight_scale_inv.data = blocks(1, H, H)
        self.experts.gate_up_proj.data, self.experts.gate_up_proj_scale_inv.data = stacked(10, E, 2 * I, H)
        self.experts.down_proj.data, self.experts.down_proj_scale_inv.data = stacked(20, E, H, I)
        self.down = torch.nn.ParameterList(bf16(30 + i, RANK, H).double() / H**0.5 for i in range(2))
        self.up = torch.nn.ParameterList(bf16(40 + i, H, RANK).double() / 8 for i in range(2))

    def adapter(self, place, x):
        return (x.double() @ self.down[place].T @ self.up[place].T).bfloat16()

    def forward(self, x, index, weights):
        h = self.linear(x) + self.adapter(0, x)
        return self.experts(h, index, weights) + self.adapter(1, h)


def train(order):
    """The loss's gradient of x, and the adapters after some steps on the batch in that order, in FP32."""
    model, x, target = Adapted(), bf16(2, T, H), bf16(3, T, H)
    weights, index = torch.rand(T, E, generator=torch.Generator().manual_seed(4)).topk(SLOTS)
    for _ in range(STEPS):
        given = x[order].requires_grad_()
        out = model(given, index[order], weights[order])
        ((out.double() - target[order].double()) ** 2).mean(-1).mean().backward()
        for parameter in (*model.down, *model.up):
            parameter.data -= RATE * parameter.grad
            parameter.grad = None
    return given.grad, [parameter.detach().float() for parameter in (*model.down, *model.up)]


def test_steps_are_equal_whatever_the_order_of_the_batch():
    order = torch.tensor([7, 0, 11, 3, 9, 1, 5, 10, 2, 8, 4, 6])
    whole, adapters = train(torch.arange(T))
    mixed, adapters_of_mixed = train(order)
    assert whole.any() and torch.equal(whole[order], mixed)
    start = Adapted()
    for one, other, before in zip(adapters, adapters_of_mixed, (*start.down, *start.up), strict=True):
        assert torch.equal(one, other) and (one != before.float()).float().mean() > 0.9


def test_a_neighbour_changes_no_gradient_of_a_token():
    model, gradient = Adapted(), bf16(5, T, H)
    weights, index = torch.rand(T, E, generator=torch.Generator().manual_seed(4)).topk(SLOTS)
    results = []
    for x in (bf16(2, T, H), torch.cat([bf16(2, T, H)[:1], bf16(6, T - 1, H)])):
        x.requires_grad_()
        model(x, index, weights).backward(gradient)
        results.append(x.grad[0])
    assert torch.equal(*results) and results[0].any()
