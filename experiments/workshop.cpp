// SPDX-License-Identifier: Apache-2.0
#include "experiments/workshop.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/suggest.hpp"

namespace einloom {

namespace {

// The part of a map or list that a path's step names; undefined when there is none.
YamlNode part_of(const YamlNode& node, const std::string& step) {
  if (node.is_map()) return node.find(step);
  std::size_t index = 0;
  const char* end = step.data() + step.size();
  const auto [stop, error] = std::from_chars(step.data(), end, index);
  const bool is_index = error == std::errc{} && stop == end && index < node.items().size();
  return node.is_sequence() && is_index ? node.items()[index] : YamlNode();
}

// Calls `visit(step, offset, is_last)` for the parts of a path until it returns false.
template <class Visit>
void walk(const std::string& path, const Visit& visit) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    if (!visit(path.substr(begin, end - begin), begin, end == path.size())) return;
    begin = end + 1;
  }
}

// Only the last key of a path may be new; a misspelt one would create something nobody asked for.
void require_place(const YamlNode& document, const Setting& setting) {
  YamlNode node = document;
  const std::size_t root = setting.key.size() - setting.path.size();
  walk(setting.path, [&](const std::string& step, std::size_t offset, bool is_last) {
    if (is_last || node.is_sequence() || node.is_scalar()) return false;  // with_override says what is wrong there
    const YamlNode part = part_of(node, step);
    if (!part.defined()) {
      std::vector<std::string> known;
      for (const YamlEntry& entry : node.entries()) known.push_back(entry.key);
      Diagnostic error{"setting-unknown-place",
                       fmt::format("`{}` is not there; only the last key of a path may be new", step),
                       setting.key_span.part(static_cast<int>(root + offset), static_cast<int>(step.size()))};
      throw UserError(error.with_help(suggestion(step, known)));
    }
    node = part;
    return true;
  });
}

// The document the settings name (or `otherwise`) with the places they set.
YamlNode document_for(const Library& library, const Coordinates& at, DocumentKind kind, SettingTarget target,
                      Name reference) {
  for (const Setting& setting : at.settings) {
    if (setting.target == target && setting.path.empty()) reference = Name{setting.value, setting.value_span};
  }
  YamlNode document = library.load(kind, reference.text, reference.span);
  for (const Setting& setting : at.settings) {
    if (setting.target != target || setting.path.empty()) continue;
    require_place(document, setting);
    const std::string& source = setting.key_span.file->path;
    const std::string root = setting.key.substr(0, setting.key.find('.'));
    const std::string origin =
        setting.from_command_line ? source + " " + root : fmt::format("{}:{} {}", source, setting.key_span.line, root);
    document = with_override(document, setting.path, setting.value, origin);
  }
  return document;
}

}  // namespace

const YamlNode* PointDocuments::document_of(const std::string& key) const {
  const std::string root = key.substr(0, key.find('.'));
  if (root == name_of(DocumentKind::cascade)) return &cascade;
  if (root == name_of(DocumentKind::machine)) return &machine;
  return root == name_of(DocumentKind::plan) ? &plan : nullptr;
}

std::optional<std::string> PointDocuments::text_at(const std::string& key) const {
  const YamlNode* document = document_of(key);
  const std::size_t dot = key.find('.');
  if (document == nullptr || dot == std::string::npos) return std::nullopt;
  YamlNode node = *document;
  walk(key.substr(dot + 1), [&](const std::string& step, std::size_t, bool) {
    node = part_of(node, step);
    return node.defined();
  });
  return node.is_scalar() ? std::optional(node.text()) : std::nullopt;
}

Workshop::Read<Cascade> Workshop::cascade(const YamlNode& document) {
  return read<Cascade>(cascades_, document, [&] { return load_cascade(document); });
}

Workshop::Read<Plan> Workshop::plan(const YamlNode& document) {
  return read<Plan>(plans_, document, [&] { return load_plan(document); });
}

Workshop::Read<Machine> Workshop::machine(const YamlNode& document) {
  Read<Machine> machine = read<Machine>(machines_, document, [&] {
    const auto finder = [&](DocumentKind kind) {
      return [&, kind](const std::string& name, const Span& asked_at) {
        const YamlNode part = library_.load(kind, name, asked_at);
        parts_[canonical_text(document)] += canonical_text(part);
        return part;
      };
    };
    return load_machine(document, finder(DocumentKind::technology), finder(DocumentKind::dram_timing));
  });
  machine.text += parts_[machine.text];
  return machine;
}

std::shared_ptr<const Model> Workshop::model(const Name& name) {
  const YamlNode document = library_.load(DocumentKind::model, name.text, name.span);
  return read<Model>(models_, document, [&] { return load_model(document); }).value;
}

PointDocuments Workshop::documents(const Coordinates& at) {
  PointDocuments documents;
  documents.plan = document_for(library_, at, DocumentKind::plan, SettingTarget::plan, at.stage->plan);
  const std::shared_ptr<const Plan> plan = this->plan(documents.plan).value;
  documents.cascade = document_for(library_, at, DocumentKind::cascade, SettingTarget::cascade,
                                   at.stage->cascade.value_or(plan->cascade));
  documents.machine = document_for(library_, at, DocumentKind::machine, SettingTarget::machine,
                                   at.stage->machine.value_or(plan->machine));
  return documents;
}

}  // namespace einloom
