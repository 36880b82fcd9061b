// SPDX-License-Identifier: Apache-2.0
// The arguments of commands that work on one cascade at one shape: the cascade, --set and, where offered, --model.
// Contract: a model's extents win over the shape one starts from, what --set says over both.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "einsum/cascade.hpp"
#include "experiments/cli/command_line.hpp"
#include "experiments/documents.hpp"
#include "experiments/model.hpp"
#include "experiments/setting.hpp"

namespace einloom::cli {

inline constexpr const char* kNameFile = "name a file that can be written";  // help of output-unwritable

// What a command takes besides extents, parameters, `cascade.` paths and, with --model, `seq_len`; `noun` names it in
// errors: "a check".
struct CascadeCommand {
  std::string noun;
  bool takes_machine = false;  // `machine.` paths, with --machine
};

// --model, which means the same to every command.
void add_model_option(CLI::App& command, std::string& name);
// nullopt when none is named.
[[nodiscard]] std::optional<Model> named_model(const Library& library, const std::string& name,
                                               const CommandLine& command_line);

// UserError setting-syntax, setting-unknown-key.
[[nodiscard]] std::vector<Setting> read_cascade_settings(const std::vector<std::string>& texts,
                                                         const CascadeCommand& command);

// For commands that look at many cascades: what a cascade does not have is passed over, what none has is an error.
// UserError setting-unknown-key, cascade-unknown-choice.
void require_settings_used(const std::vector<YamlNode>& cascades, const std::vector<Setting>& settings);

// For errors about a shape: the largest extent that the settings give, `where` when they give none.
[[nodiscard]] Span span_of_extents(const std::vector<Setting>& settings, const Span& where);

// The document with the model's choices and the `cascade.` settings in it. With `every`, a choice that the cascade does
// not have is an error; without it, it is passed over, for commands that look at many cascades.
// UserError cascade-unknown-choice.
[[nodiscard]] YamlNode cascade_document(const Library& library, const std::string& reference, const Span& where,
                                        const std::vector<Setting>& settings, const std::optional<Model>& model = {},
                                        bool every = true);
[[nodiscard]] Cascade load_cascade_with(const Library& library, const std::string& reference, const Span& where,
                                        const std::vector<Setting>& settings, const std::optional<Model>& model = {},
                                        bool every = true);

// The largest extent that any of the cascades has in small_shape, by name: one shape to compare them at.
[[nodiscard]] Shape common_small_shape(const std::vector<Cascade>& cascades);

// Bound. What neither a model nor --set gives is taken from `base`. With `every`, an extent of a rank that the cascade
// does not have is an error; without it, it is passed over, for commands that look at many cascades.
// UserError setting-unknown-key, setting-needs-model, command-line (a model without seq_len).
[[nodiscard]] Shape cascade_shape(const Cascade& cascade, const Shape& base, const std::vector<Setting>& settings,
                                  const std::optional<Model>& model, const Span& where, bool every = true);

}  // namespace einloom::cli
