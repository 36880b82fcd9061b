// SPDX-License-Identifier: Apache-2.0
// What a setting says, or what holds where it says nothing, so that a mechanism's usual form needs no words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "einsum/reference/reference.hpp"

namespace einloom::reference {

// One of `forms`, the first when the setting names none; InternalError for any other.
[[nodiscard]] std::string choice(const ReferenceSetting& setting, const std::string& name,
                                 const std::vector<std::string>& forms);
[[nodiscard]] std::int64_t extent_or(const ReferenceSetting& setting, const std::string& name, std::int64_t usual);
[[nodiscard]] double constant_or(const ReferenceSetting& setting, const std::string& name, double usual);

// InternalError naming the tensor when its extents are others.
void expect_extents(const Tensor<double>& tensor, const std::string& name, const std::vector<std::int64_t>& extents);
// The same values under a kernel's own rank names.
[[nodiscard]] Tensor<double> named(const Tensor<double>& tensor, const std::vector<std::string>& ranks);

}  // namespace einloom::reference
