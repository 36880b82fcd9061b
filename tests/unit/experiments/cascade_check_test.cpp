// SPDX-License-Identifier: Apache-2.0
// The evaluator agrees with the kernel in every dtype; a wrong cascade is caught with a window.
#include "experiments/cascade_check.hpp"

#include <catch2/catch.hpp>

#include "experiments/documents.hpp"

namespace einloom {

namespace {

YamlNode attention(const std::string& name) {
  return Library(EINLOOM_SOURCE_DIR).load(DocumentKind::cascade, name, Span{});
}

CheckReport checked(const Cascade& cascade, const CascadeCheckOptions& options) {
  return check_cascade(cascade, cascade.bind(small_shape(cascade), Span{}), options);
}

}  // namespace

TEST_CASE("attention agrees with its kernel in every dtype and with large scores") {
  for (const char* name : {"attention_1pass", "attention_2pass", "attention_3pass"}) {
    const Cascade cascade = load_cascade(attention(name));
    for (const Dtype dtype : {Dtype::fp64, Dtype::fp32, Dtype::bf16, Dtype::fp16}) {
      for (const double scale : {1.0, 40.0}) {
        INFO(name << " " << name_of(dtype) << " x" << scale);
        const CheckReport check = checked(cascade, {dtype, 7, scale});
        CHECK(check.passed);
        CHECK(check.values > 100);
        CHECK(check.max_rel_error <= check.tolerance);
        CHECK((check.max_abs_error > 0));
      }
    }
  }
}

TEST_CASE("the small shape has ragged tiles and no two ranks alike") {
  const Shape shape = small_shape(load_cascade(attention("attention_1pass")));
  CHECK(shape.at("M") % shape.at("M0") != 0);
  CHECK(shape.at("M") > shape.at("M0"));
  CHECK(shape.at("E") != shape.at("F"));
}

TEST_CASE("inputs depend on the seed alone") {
  const Cascade cascade = load_cascade(attention("attention_3pass"));
  CHECK(checked(cascade, {Dtype::fp32, 1, 1}).max_abs_error == checked(cascade, {Dtype::fp32, 1, 1}).max_abs_error);
  CHECK(checked(cascade, {Dtype::fp32, 1, 1}).max_abs_error != checked(cascade, {Dtype::fp32, 2, 1}).max_abs_error);
}

TEST_CASE("a wrong cascade is caught, with the values around the first difference") {
  YamlNode document = attention("attention_3pass");
  const std::size_t last = document.find("einsums").items().size() - 1;
  const std::string einsum = document.find("einsums").items()[last].text();
  document = with_override(document, "einsums." + std::to_string(last), '"' + einsum + " * 2\"", "test");
  const CheckReport check = checked(load_cascade(document), {Dtype::fp64, 1, 1});
  CHECK_FALSE(check.passed);
  CHECK(check.first_mismatch.starts_with("first difference in AV[b=0, h=0, p=0, f=0]\n  > AV[b=0, h=0, p=0, f=0] = "));
}

}  // namespace einloom
