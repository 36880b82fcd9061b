// SPDX-License-Identifier: Apache-2.0
// A Report as JSON and back, everything in it included: what children send, the store keeps and `--format json` prints.
// Contract: report_from_json(to_json(r)) equals r to the last bit; numbers JSON lacks are "inf", "-inf" and "nan".
#pragma once

#include <nlohmann/json.hpp>

#include "sim/report.hpp"

namespace einloom {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json to_json(const Report& report);
[[nodiscard]] Json to_json(const CheckReport& check);
// Throws nlohmann::json::exception when members are missing or of another type.
[[nodiscard]] Report report_from_json(const Json& json);
[[nodiscard]] CheckReport check_from_json(const Json& json);

}  // namespace einloom
