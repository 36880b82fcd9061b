// SPDX-License-Identifier: Apache-2.0
// Strict YAML 1.2-like reader, the only includer of yaml-cpp. Every node knows its Span. Duplicate keys, unknown
// keys, several documents in one file, merge keys (`<<`), anchors/aliases, tabs and wrong types are errors with
// position. Readers below report into Diagnostics and return a fallback, so that all errors of a document are seen at
// once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.hpp"
#include "base/units.hpp"

namespace einloom {

enum class YamlKind { null, scalar, sequence, map };

class YamlNode;
struct YamlEntry;

// Immutable tree (cheap to copy). An undefined node (default constructed) reads as null without position.
class YamlNode {
 public:
  YamlNode() = default;
  [[nodiscard]] YamlKind kind() const;
  [[nodiscard]] bool defined() const { return data_ != nullptr; }
  [[nodiscard]] bool is_map() const { return kind() == YamlKind::map; }
  [[nodiscard]] bool is_sequence() const { return kind() == YamlKind::sequence; }
  [[nodiscard]] bool is_scalar() const { return kind() == YamlKind::scalar; }
  // Scalars: the text on its first line, without quotes, so that span().part(offset, count) is exact. Block scalars
  // (`|`): the first text line, so that line k (from 0) of text() is at span().line + k, same column.
  // Maps and sequences: their first character. A value left out (`key:`): its key.
  [[nodiscard]] const Span& span() const;
  [[nodiscard]] const std::string& text() const;                // of a scalar; "" otherwise
  [[nodiscard]] const std::vector<YamlNode>& items() const;     // of a sequence; empty otherwise
  [[nodiscard]] const std::vector<YamlEntry>& entries() const;  // of a map, in document order; empty otherwise
  [[nodiscard]] YamlNode find(std::string_view key) const;      // of a map; undefined node when absent

  // Builders, used by parse_yaml and with_override.
  static YamlNode make_null(Span span);
  static YamlNode make_scalar(std::string text, Span span);
  static YamlNode make_sequence(std::vector<YamlNode> items, Span span);
  static YamlNode make_map(std::vector<YamlEntry> entries, Span span);

 private:
  struct Data;
  std::shared_ptr<const Data> data_;
};

struct YamlEntry {
  std::string key;
  Span key_span;
  YamlNode value;
};

inline constexpr std::size_t kMaxYamlDepth = 64;

// Parses one document. UserError: yaml-syntax, yaml-duplicate-key, yaml-several-documents, yaml-merge-key,
// yaml-alias, yaml-too-deep, yaml-empty.
[[nodiscard]] YamlNode parse_yaml(const SourcePtr& source);
[[nodiscard]] YamlNode load_yaml(const std::filesystem::path& path);  // read_source + parse_yaml

// A copy of `root` in which the value at `path` (keys joined by dots, sequence items by their index) is `value`
// (itself parsed as YAML flow, so lists and maps work). Missing map keys are created. `origin` names the source in
// errors, e.g. "--set". UserError (override-path) when the path runs through a scalar or a missing index.
[[nodiscard]] YamlNode with_override(const YamlNode& root, const std::string& path, const std::string& value,
                                     const std::string& origin);

// Reads the keys of a map; finish() reports every key nobody asked for (unknown-key, with the nearest known name).
class YamlMap {
 public:
  // `what` names the map in messages ("machine", "component `array2d`"). Reports yaml-type when not a map.
  YamlMap(YamlNode node, std::string what, Diagnostics& diagnostics);
  [[nodiscard]] YamlNode require(const std::string& key);   // missing-key at the map's span; undefined node then
  [[nodiscard]] YamlNode optional(const std::string& key);  // undefined node when absent
  [[nodiscard]] const Span& span() const { return node_.span(); }
  void finish();

 private:
  YamlNode node_;
  std::string what_;
  Diagnostics& diagnostics_;
  std::vector<std::string> asked_;
};

// Scalars. Each reports (yaml-type, value-range, unit-missing, unit-unknown …) and returns `fallback` when it fails;
// undefined nodes return `fallback` silently (YamlMap::require has already reported). `what` names the value.
[[nodiscard]] std::string read_string(const YamlNode& node, const std::string& what, Diagnostics& diagnostics,
                                      std::string fallback = {});
[[nodiscard]] std::int64_t read_integer(const YamlNode& node, const std::string& what, Diagnostics& diagnostics,
                                        std::int64_t minimum, std::int64_t maximum, std::int64_t fallback);
[[nodiscard]] double read_number(const YamlNode& node, const std::string& what, Diagnostics& diagnostics,
                                 double fallback);  // finite decimal, `1e3`, `-inf`, `inf`
[[nodiscard]] bool read_bool(const YamlNode& node, const std::string& what, Diagnostics& diagnostics, bool fallback);
[[nodiscard]] std::vector<std::string> read_names(const YamlNode& node, const std::string& what,
                                                  Diagnostics& diagnostics);  // a sequence of scalars, or one scalar

// Quantities: a number and a unit (`16 MiB`, `940 MHz`, `400 GiB/s`, `0.5 pJ`, `1545 um^2`, `84.2 mm^2`, `3 cycles`).
// A bare number is an error (unit-missing) whose help lists the units. Values must be >= 0 and finite.
[[nodiscard]] Bytes read_bytes(const YamlNode& node, const std::string& what, Diagnostics& diagnostics);
[[nodiscard]] Cycles read_cycles(const YamlNode& node, const std::string& what, Diagnostics& diagnostics);
[[nodiscard]] Hertz read_frequency(const YamlNode& node, const std::string& what, Diagnostics& diagnostics);
[[nodiscard]] BytesPerSecond read_bandwidth(const YamlNode& node, const std::string& what, Diagnostics& diagnostics);
[[nodiscard]] Picojoules read_energy(const YamlNode& node, const std::string& what, Diagnostics& diagnostics);
[[nodiscard]] SquareMicrometres read_area(const YamlNode& node, const std::string& what, Diagnostics& diagnostics);

}  // namespace einloom
