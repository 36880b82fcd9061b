// SPDX-License-Identifier: Apache-2.0
// Temporal interest network: behaviours, embedded with their time, attended by a target and
// multiplied with it.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/matrix.hpp"

namespace einloom::reference {
namespace {

std::int64_t whole(double value, std::int64_t below, const char* what) {
  const auto index = static_cast<std::int64_t>(value);
  ensure(static_cast<double>(index) == value && index >= 0 && index < below,
         std::string("temporal_interest: an index of ") + what + " is no row");
  return index;
}

struct Tables {
  const Tensor<double>&item, &category, &time, &category_of;

  // Item and category embeddings side by side, plus the time's.
  [[nodiscard]] Row embedded(double id, double bucket) const {
    const std::int64_t at = whole(id, item.extents()[0], "IT");
    Row row = row_at(item, at);
    const Row second = row_at(category, whole(category_of(at), category.extents()[0], "CA"));
    row.insert(row.end(), second.begin(), second.end());
    add(row, row_at(time, whole(bucket, time.extents()[0], "PT")));
    return row;
  }
};

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting&) {
  const Tables tables{reference_input(inputs, "IT"), reference_input(inputs, "CA"), reference_input(inputs, "PT"),
                      reference_input(inputs, "CATOF")};
  const auto &ids = reference_input(inputs, "IDS"), &buckets = reference_input(inputs, "BUCKET"),
             &length = reference_input(inputs, "LEN"), &target = reference_input(inputs, "TARGET");
  ensure(ids.extents().size() == 2 && tables.time.extents().size() == 2,
         "temporal_interest: IDS and PT have two ranks");
  const std::int64_t batch = ids.extents()[0], behaviours = ids.extents()[1], e = tables.time.extents()[1];
  expect_extents(buckets, "BUCKET", ids.extents());
  expect_extents(length, "LEN", {batch});
  expect_extents(target, "TARGET", {batch});
  expect_extents(tables.category_of, "CATOF", {tables.item.extents()[0]});
  Tensor<double> out({ids.ranks()[0], tables.time.ranks()[1]}, {batch, e}), pool = out;
  for (std::int64_t b = 0; b < batch; ++b) {
    const Row wanted = tables.embedded(target(b), 0);
    Matrix behaviour;
    Row weight;
    for (std::int64_t m = 0; m < behaviours; ++m) {
      behaviour.push_back(tables.embedded(ids(b, m), buckets(b, m)));
      const double score = dot(behaviour.back(), wanted) / std::sqrt(static_cast<double>(e));
      weight.push_back(static_cast<double>(m) < length(b) ? score : -HUGE_VAL);
    }
    softmax(weight);
    for (std::size_t m = 0; m < weight.size(); ++m) {
      for (std::int64_t i = 0; i < e; ++i) {
        const auto at = static_cast<std::size_t>(i);
        pool(b, i) += weight[m] * behaviour[m][at];
        out(b, i) += weight[m] * (behaviour[m][at] * wanted[at]);
      }
    }
  }
  return {{"PO", pool}, {"U", out}};
}

}  // namespace

std::vector<ReferenceKernel> temporal_interest_kernels() {
  return {
      {"temporal_interest",
       "tables IT[N,D], CA[C,D], PT[T,E], E = 2D, whole numbers IDS[B,M], CATOF[N], BUCKET[B,M], LEN[B], TARGET[B] → "
       "interest U[B,E], the pool without the target's factor PO[B,E]",
       {"BUCKET", "CA", "CATOF", "IDS", "IT", "LEN", "PT", "TARGET"},
       {{"PO", {"B", "E"}}, {"U", {"B", "E"}}},
       &run}};
}

}  // namespace einloom::reference
