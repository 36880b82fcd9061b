// SPDX-License-Identifier: Apache-2.0
// The document tree, and the copy of it in which one value is replaced (`--set path=value`).
// Nodes share their data; nothing changes after it was made.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/suggest.hpp"
#include "base/utf8.hpp"
#include "base/yaml_parse_shown.hpp"

namespace einloom {

struct YamlNode::Data {
  YamlKind kind = YamlKind::null;
  Span span{};
  std::string text{};
  std::vector<YamlNode> items{};
  std::vector<YamlEntry> entries{};
};

YamlKind YamlNode::kind() const { return data_ ? data_->kind : YamlKind::null; }

const Span& YamlNode::span() const {
  static const Span kNowhere{};
  return data_ ? data_->span : kNowhere;
}

const std::string& YamlNode::text() const {
  static const std::string kNone;
  return data_ ? data_->text : kNone;
}

const std::vector<YamlNode>& YamlNode::items() const {
  static const std::vector<YamlNode> kNone;
  return data_ ? data_->items : kNone;
}

const std::vector<YamlEntry>& YamlNode::entries() const {
  static const std::vector<YamlEntry> kNone;
  return data_ ? data_->entries : kNone;
}

YamlNode YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : entries()) {
    if (entry.key == key) return entry.value;
  }
  return {};
}

YamlNode YamlNode::make_null(Span span) {
  YamlNode node;
  node.data_ = std::make_shared<const Data>(Data{YamlKind::null, std::move(span)});
  return node;
}

YamlNode YamlNode::make_scalar(std::string text, Span span) {
  YamlNode node;
  node.data_ = std::make_shared<const Data>(Data{YamlKind::scalar, std::move(span), std::move(text)});
  return node;
}

YamlNode YamlNode::make_sequence(std::vector<YamlNode> items, Span span) {
  YamlNode node;
  node.data_ = std::make_shared<const Data>(Data{YamlKind::sequence, std::move(span), {}, std::move(items)});
  return node;
}

YamlNode YamlNode::make_map(std::vector<YamlEntry> entries, Span span) {
  YamlNode node;
  node.data_ = std::make_shared<const Data>(Data{YamlKind::map, std::move(span), {}, {}, std::move(entries)});
  return node;
}

namespace {

struct Override {
  struct Step {
    std::string key;
    Span span;
  };
  std::vector<Step> steps;
  YamlNode value;
};

[[noreturn]] void refuse(const Span& span, std::string message, std::string help, const Span& document) {
  Diagnostic diagnostic{"override-path", std::move(message), span};
  if (document.file) diagnostic.note("the value in the document", document);
  diagnostic.help = std::move(help);
  throw UserError(std::move(diagnostic));
}

YamlNode replaced(const YamlNode& node, const Override& change, std::size_t depth);

YamlNode replaced_in_map(const YamlNode& node, const Override& change, std::size_t depth) {
  const Override::Step& step = change.steps[depth];
  std::vector<YamlEntry> entries = node.entries();
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.key == step.key; });
  if (found != entries.end()) {
    found->value = replaced(found->value, change, depth + 1);
  } else {
    entries.push_back(YamlEntry{step.key, step.span, replaced(YamlNode::make_null(step.span), change, depth + 1)});
  }
  return YamlNode::make_map(std::move(entries), node.span());
}

YamlNode replaced_in_sequence(const YamlNode& node, const Override& change, std::size_t depth) {
  const Override::Step& step = change.steps[depth];
  std::vector<YamlNode> items = node.items();
  std::size_t index = 0;
  const char* const end = step.key.data() + step.key.size();
  const auto [stop, problem] = std::from_chars(step.key.data(), end, index);
  if (problem != std::errc() || stop != end) {
    refuse(step.span, fmt::format("`{}` is not an index; the value here is a list of {}", step.key, items.size()), "",
           node.span());
  }
  if (index >= items.size()) {
    refuse(step.span,
           fmt::format("index {} is past the end; the list has {} items, counted from 0", index, items.size()), "",
           node.span());
  }
  items[index] = replaced(items[index], change, depth + 1);
  return YamlNode::make_sequence(std::move(items), node.span());
}

YamlNode replaced(const YamlNode& node, const Override& change, std::size_t depth) {
  if (depth == change.steps.size()) return change.value;
  switch (node.kind()) {
    case YamlKind::null:
    case YamlKind::map:
      return replaced_in_map(node, change, depth);
    case YamlKind::sequence:
      return replaced_in_sequence(node, change, depth);
    case YamlKind::scalar:
      break;
  }
  refuse(change.steps[depth].span,
         fmt::format("`{}` would be inside the value `{}`; only maps and lists have parts", change.steps[depth].key,
                     node.text()),
         "", node.span());
}

}  // namespace

YamlNode with_override(const YamlNode& root, const std::string& path, const std::string& value,
                       const std::string& origin) {
  const SourcePtr shown = source_from_text(origin, path + "=" + value);
  const int path_length = count_code_points(path);
  const std::string form = "write path=value, keys joined by dots: components.array2d.rows=128";
  Override change;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('.', start), path.size());
    const std::string key = path.substr(start, end - start);
    const int column = 1 + count_code_points(std::string_view(path).substr(0, start));
    if (key.empty()) refuse(Span{shown, 1, column, 1}, "a path has no empty parts", form, {});
    if (key.find_first_of("\r\n") != std::string::npos) refuse(Span{shown, 1, 1, 1}, "a path has one line", form, {});
    change.steps.push_back({key, Span{shown, 1, column, count_code_points(key)}});
    start = end + 1;
  }
  if (change.steps.size() >= kMaxYamlDepth) {
    refuse(Span{shown, 1, 1, path_length},
           fmt::format("the path has {} parts; a document nests at most {}", change.steps.size(), kMaxYamlDepth), form,
           {});
  }
  change.value = parse_yaml_shown(std::string(path.size() + 1, ' ') + value, shown);
  return replaced(root, change, 0);
}

}  // namespace einloom
