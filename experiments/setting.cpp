// SPDX-License-Identifier: Apache-2.0
#include "experiments/setting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "base/suggest.hpp"
#include "experiments/documents.hpp"
#include "experiments/model.hpp"

namespace einloom {

namespace {

struct Keyword {
  const char* text;
  SettingTarget target;
  bool alone;   // `machine=flat`
  bool dotted;  // `machine.parameters.dim=64`
};
constexpr Keyword kKeywords[] = {
    {"cascade", SettingTarget::cascade, true, true}, {"configuration", SettingTarget::configuration, true, false},
    {"dtype", SettingTarget::dtype, true, false},    {"fidelity", SettingTarget::fidelity, true, false},
    {"machine", SettingTarget::machine, true, true}, {"model", SettingTarget::model, true, true},
    {"plan", SettingTarget::plan, true, true},       {"seq_len", SettingTarget::seq_len, true, false},
};

std::vector<std::string> keywords() {
  std::vector<std::string> all;
  for (const Keyword& keyword : kKeywords) all.emplace_back(keyword.text);
  return all;
}

bool is_plain(const std::string& text) {
  const auto is_safe = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("_.+-/* ()^").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::isalnum(static_cast<unsigned char>(text.front())) != 0 && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), is_safe);
}

// Splits at commas that are outside of brackets, braces and quotes; offsets into `text`.
std::vector<std::pair<std::size_t, std::size_t>> split_at_commas(std::string_view text) {
  std::vector<std::pair<std::size_t, std::size_t>> parts;
  std::size_t begin = 0;
  int depth = 0;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{' || c == '(') {
      ++depth;
    } else if (c == ']' || c == '}' || c == ')') {
      --depth;
    } else if (c == ',' && depth == 0) {
      parts.emplace_back(begin, i - begin);
      begin = i + 1;
    }
  }
  parts.emplace_back(begin, text.size() - begin);
  return parts;
}

}  // namespace

std::optional<Setting> setting_for(const std::string& key, const Span& key_span, Diagnostics& diagnostics) {
  const std::size_t dot = key.find('.');
  const std::string root = key.substr(0, dot);
  const std::string path = dot == std::string::npos ? "" : key.substr(dot + 1);
  Setting setting;
  setting.key = key;
  setting.path = path;
  setting.key_span = setting.value_span = key_span;
  for (const Keyword& keyword : kKeywords) {
    if (root != keyword.text) continue;
    setting.target = keyword.target;
    if (dot == std::string::npos) return setting;
    if (!keyword.dotted || path.empty()) {
      diagnostics.error("setting-unknown-key", key_span, fmt::format("`{}` has no parts to set", root))
          .with_help(fmt::format("write `{}`", root));
      return std::nullopt;
    }
    if (keyword.target == SettingTarget::model) {
      setting.target = SettingTarget::model_extent;
      if (!is_rank_name(path)) {
        diagnostics
            .error("setting-unknown-key", key_span,
                   fmt::format("`{}` is no extent; of a model only extents can be set", path))
            .with_help("for example `model.B`");
        return std::nullopt;
      }
    }
    return setting;
  }
  if (dot == std::string::npos && is_rank_name(key)) return setting;
  diagnostics
      .error("setting-unknown-key", key_span,
             fmt::format("`{}` is nothing that can be set; known are ranks and parameters (upper case), `seq_len`, "
                         "`dtype`, `fidelity`, `configuration`, `model`, and `cascade`, `machine`, `plan` with a path",
                         key))
      .with_help(nearest_name(root, keywords()).empty() ? "" : suggestion(root, keywords()));
  return std::nullopt;
}

std::string setting_value(const YamlNode& node) {
  return node.is_scalar() && is_plain(node.text()) ? node.text() : canonical_text(node);
}

namespace {

// Is a value of a list a setting of its own (`K=2` in `T=1,K=2`)?
bool looks_like_setting(const std::string& value) {
  const std::size_t equals = value.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == value.size() || value[equals + 1] == '=')
    return false;
  return std::all_of(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(equals),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; });
}

}  // namespace

std::vector<Setting> parse_command_line_setting(const std::string& text, const std::string& option) {
  const SourcePtr source = source_from_text(option, text);
  const Span all{source, 1, 1, std::max(1, static_cast<int>(text.size()))};
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    throw UserError(Diagnostic{"setting-syntax",
                               fmt::format("`{}` is not of the form key=value", text),
                               all,
                               {},
                               "for example `--set B=1` or `--set seq_len=1024,4096`"});
  }
  Diagnostics diagnostics;
  const std::optional<Setting> setting =
      setting_for(text.substr(0, equals), all.part(0, static_cast<int>(equals)), diagnostics);
  diagnostics.throw_if_any();
  std::vector<Setting> settings;
  const std::string value = text.substr(equals + 1);
  for (const auto& [begin, count] : split_at_commas(value)) {
    Setting one = *setting;
    one.from_command_line = true;
    one.value = value.substr(begin, count);
    one.value_span = all.part(static_cast<int>(equals + 1 + begin), std::max(1, static_cast<int>(count)));
    if (one.value.empty()) {
      throw UserError(Diagnostic{"setting-syntax", "nothing stands between two commas; every value must be written",
                                 one.value_span});
    }
    if (!settings.empty() && looks_like_setting(one.value)) {
      throw UserError(
          Diagnostic{"setting-syntax",
                     fmt::format("`{}` stands among the values of `{}`", one.value, text.substr(0, equals)),
                     one.value_span,
                     {},
                     fmt::format("a comma separates values of one key; repeat the option: `--set {} --set {}`",
                                 text.substr(0, equals + 1 + begin - 1), one.value)});
    }
    settings.push_back(std::move(one));
  }
  return settings;
}

std::int64_t setting_extent(const Setting& setting, Diagnostics& diagnostics) {
  std::int64_t value = 0;
  const char* end = setting.value.data() + setting.value.size();
  const auto [stop, error] = std::from_chars(setting.value.data(), end, value);
  if (error == std::errc{} && stop == end && value >= 1 && value <= kLargestExtent) return value;
  diagnostics.error(
      "setting-not-integer", setting.value_span,
      fmt::format("`{}` is {}; it must be an integer from 1 to {}", setting.key, setting.value, kLargestExtent));
  return 1;
}

std::optional<double> number_in(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string number_text(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return fmt::format("{}", static_cast<std::int64_t>(value));
  return fmt::format("{}", value);
}

std::string_view name_of(Fidelity fidelity) { return fidelity_names()[static_cast<std::size_t>(fidelity)]; }

const std::vector<std::string>& fidelity_names() {
  static const std::vector<std::string> names = {"cycle", "pe", "waterfall"};  // in the order of Fidelity
  return names;
}

std::optional<Fidelity> read_fidelity(const std::string& name, const Span& span, Diagnostics& diagnostics) {
  const std::vector<std::string>& names = fidelity_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<Fidelity>(found - names.begin());
  diagnostics.error("fidelity-unknown", span, fmt::format("there is no fidelity `{}`", name))
      .with_help(suggestion(name, fidelity_names()));
  return std::nullopt;
}

std::optional<Dtype> read_dtype(const std::string& name, const Span& span, Diagnostics& diagnostics) {
  if (const std::optional<Dtype> dtype = dtype_named(name)) return dtype;
  diagnostics.error("dtype-unknown", span, fmt::format("there is no dtype `{}`", name))
      .with_help(suggestion(name, dtype_names()));
  return std::nullopt;
}

}  // namespace einloom
