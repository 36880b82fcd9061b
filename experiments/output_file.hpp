// SPDX-License-Identifier: Apache-2.0
// Files that are either the old ones or complete new ones, never half of each.
// Contract: written beside the target and renamed over it.
#pragma once

#include <filesystem>
#include <string>

#include "base/source_file.hpp"

namespace einloom {

// Makes the folder (and those above) where missing. UserError output-unwritable, pointing at `asked_at`.
void make_output_folder(const std::filesystem::path& folder, const Span& asked_at);

// UserError output-unwritable, pointing at `asked_at`; the earlier file is then untouched.
inline constexpr const char* kNameFolder = "name a folder that can be written with `--out`";
void write_atomically(const std::filesystem::path& path, const std::string& text, const Span& asked_at,
                      const std::string& help = kNameFolder);

}  // namespace einloom
