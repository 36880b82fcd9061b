// SPDX-License-Identifier: Apache-2.0
#include "experiments/point_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "experiments/setting.hpp"

namespace einloom {
namespace {

constexpr std::size_t kMostValuesShown = 8;

using Pairs = std::vector<std::pair<std::string, std::string>>;

const std::string* value_of(const Pairs& pairs, const std::string& key) {
  const auto found = std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == key; });
  return found == pairs.end() ? nullptr : &found->second;
}

Pairs conditions_in(const std::string& choice, const Span& where) {
  Pairs conditions;
  for (std::size_t at = 0; at < choice.size();) {
    const std::size_t end = std::min(choice.find(',', at), choice.size());
    const std::string one = choice.substr(at, end - at);
    const std::size_t equals = one.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == one.size()) {
      throw UserError(Diagnostic{"setting-syntax",
                                 fmt::format("`{}` is not of the form key=value", one),
                                 where,
                                 {},
                                 "write `--point configuration=NAME,seq_len=1024`"});
    }
    conditions.emplace_back(one.substr(0, equals), one.substr(equals + 1));
    at = end + 1;
  }
  return conditions;
}

// The distinct values that points have for a key.
std::vector<std::string> values_at(const std::vector<const Point*>& points, const std::string& key) {
  std::vector<std::string> values;
  for (const Point* point : points) {
    const Pairs pairs = coordinates_of(*point);
    const std::string* value = value_of(pairs, key);
    const std::string text = value == nullptr ? "" : *value;
    if (std::count(values.begin(), values.end(), text) == 0) values.push_back(text);
  }
  return values;
}

std::string listed(const std::vector<std::string>& values) {
  std::string text;
  for (std::size_t i = 0; i < std::min(values.size(), kMostValuesShown); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ", ", values[i].empty() ? "none" : values[i]);
  }
  if (values.size() > kMostValuesShown) text += fmt::format(" and {} more", values.size() - kMostValuesShown);
  return text;
}

UserError several(const std::vector<const Point*>& points, PointOption option, std::string choice, const Span& where) {
  Diagnostic error{"point-several", fmt::format("{} points fit, and only one can be looked at", points.size()), where};
  for (const auto& [key, value] : coordinates_of(*points.front())) {
    const std::vector<std::string> values = values_at(points, key);
    if (values.size() < 2) continue;
    error.note(fmt::format("`{}` is {}", key, listed(values)));
    choice += fmt::format("{}{}={}", choice.empty() ? "" : option == PointOption::set ? " --set " : ",", key, value);
  }
  return UserError(error.with_help(
      fmt::format("choose one, as in `--{} {}`", option == PointOption::set ? "set" : "point", choice)));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> coordinates_of(const Point& point) {
  Pairs pairs{{"spec", point.spec}, {"configuration", point.configuration}};
  if (!point.stage.empty()) pairs.emplace_back("stage", point.stage);
  if (!point.model.empty()) pairs.emplace_back("model", point.model);
  if (point.seq_len) pairs.emplace_back("seq_len", fmt::format("{}", *point.seq_len));
  const auto add = [&](const std::string& key, const std::string& value) {
    if (value_of(pairs, key) == nullptr) pairs.emplace_back(key, value);
  };
  for (const auto& [key, value] : point.swept) add(key, value);
  for (const auto& [key, value] : point.derived) add(key, value);
  add("dtype", std::string(name_of(point.dtype)));
  add("fidelity", std::string(name_of(point.fidelity)));
  return pairs;
}

const Point& choose_point(const std::vector<Point>& points, PointOption option, const std::string& choice,
                          const Span& where) {
  std::vector<const Point*> fitting;
  for (const Point& point : points) fitting.push_back(&point);
  for (const auto& [key, value] : conditions_in(choice, where)) {
    std::vector<std::string> known;
    std::vector<const Point*> left;
    for (const Point* point : fitting) {
      Pairs pairs = coordinates_of(*point);
      for (const auto& [rank, extent] : point->extents) pairs.emplace_back(rank, fmt::format("{}", extent));
      for (const auto& [name, text] : pairs) known.push_back(name);
      const std::string* found = value_of(pairs, key);
      if (found != nullptr && *found == value) left.push_back(point);
    }
    if (std::count(known.begin(), known.end(), key) == 0) {
      Diagnostic error{"point-unknown-key", fmt::format("no point has a `{}`", key), where};
      throw UserError(error.with_help(suggestion(key, known)));
    }
    if (left.empty()) {
      Diagnostic error{"point-none", fmt::format("no point has {} = {}", key, value), where};
      throw UserError(error.with_help(fmt::format("`{}` is {}", key, listed(values_at(fitting, key)))));
    }
    fitting = std::move(left);
  }
  if (fitting.size() > 1) throw several(fitting, option, choice, where);
  return *fitting.front();
}

}  // namespace einloom
