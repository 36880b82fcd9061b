// SPDX-License-Identifier: Apache-2.0
// Where documents are: by name in the data root's folders, by path next to the document that asks.
// Contract: a value with a `/` or ending in `.yaml` is a path; everything else is a name; what is found is parsed once.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml_reader.hpp"

namespace einloom {

enum class DocumentKind { cascade, dram_timing, machine, model, plan, spec, technology };

[[nodiscard]] const std::vector<DocumentKind>& document_kinds();  // in the order above
[[nodiscard]] std::string_view name_of(DocumentKind kind);        // also the key such a document starts with
// By the document's first key; nullopt when it is none of them.
[[nodiscard]] std::optional<DocumentKind> kind_of(const YamlNode& document);

[[nodiscard]] bool is_path(const std::string& reference);

class Library {
 public:
  explicit Library(std::filesystem::path root) : root_(std::move(root)) {}
  // EINLOOM_HOME, or the source folder this program was built from.
  [[nodiscard]] static std::filesystem::path default_root();

  // Names of all documents of a kind, sorted.
  [[nodiscard]] std::vector<std::string> names(DocumentKind kind) const;
  // The file a name or path stands for; relative to the working directory where that is shorter. Paths are relative to
  // the folder of `asked_at`'s file. UserError unknown-document with the nearest name; a path is not checked here.
  [[nodiscard]] std::filesystem::path find(DocumentKind kind, const std::string& reference, const Span& asked_at) const;
  // find + load_yaml, remembered. Errors about the file get a note that points at `asked_at`.
  [[nodiscard]] YamlNode load(DocumentKind kind, const std::string& reference, const Span& asked_at) const;

 private:
  std::filesystem::path root_;
  mutable std::map<std::string, YamlNode> loaded_;  // by path
};

// The document's content without layout and comments: equal texts mean equal documents. It is YAML (flow style, every
// scalar double-quoted).
[[nodiscard]] std::string canonical_text(const YamlNode& node);

}  // namespace einloom
