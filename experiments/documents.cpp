// SPDX-License-Identifier: Apache-2.0
#include "experiments/documents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/suggest.hpp"

namespace einloom {
namespace fs = std::filesystem;

namespace {

struct Folder {
  DocumentKind kind;
  const char* name;
  const char* path;
  bool nested;  // documents may lie in folders below
};
constexpr Folder kFolders[] = {
    {DocumentKind::cascade, "cascade", "einsum/cascades", false},
    {DocumentKind::dram_timing, "dram_timing", "arch/dram_timings", false},
    {DocumentKind::machine, "machine", "arch/machines", false},
    {DocumentKind::model, "model", "experiments/models", false},
    {DocumentKind::plan, "plan", "mappings/plans", false},
    {DocumentKind::spec, "spec", "experiments/specs", true},
    {DocumentKind::technology, "technology", "arch/technologies", false},
};

const Folder& folder_of(DocumentKind kind) { return kFolders[static_cast<std::size_t>(kind)]; }

bool is_document(const fs::directory_entry& entry) {
  std::error_code ignored;
  return entry.path().extension() == ".yaml" && entry.is_regular_file(ignored);
}

// Files of a kind, sorted by name and then by path.
std::vector<fs::path> files_of(const fs::path& root, const Folder& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  const fs::path where = root / folder.path;
  if (folder.nested) {
    for (fs::recursive_directory_iterator it(where, error), end; !error && it != end; it.increment(error)) {
      if (is_document(*it)) found.push_back(it->path());
    }
  } else {
    for (fs::directory_iterator it(where, error), end; !error && it != end; it.increment(error)) {
      if (is_document(*it)) found.push_back(it->path());
    }
  }
  std::sort(found.begin(), found.end(),
            [](const fs::path& a, const fs::path& b) { return std::pair(a.stem(), a) < std::pair(b.stem(), b); });
  return found;
}

// The path as a reader in the working directory would write it.
fs::path shown(const fs::path& path) {
  std::error_code error;
  const fs::path here = fs::current_path(error);
  if (error || !path.is_absolute()) return path.lexically_normal();
  const fs::path relative = path.lexically_normal().lexically_relative(here);
  return relative.empty() || *relative.begin() == ".." ? path.lexically_normal() : relative;
}

}  // namespace

const std::vector<DocumentKind>& document_kinds() {
  static const std::vector<DocumentKind> kinds = {
      DocumentKind::cascade, DocumentKind::dram_timing, DocumentKind::machine,   DocumentKind::model,
      DocumentKind::plan,    DocumentKind::spec,        DocumentKind::technology};
  return kinds;
}

std::string_view name_of(DocumentKind kind) { return folder_of(kind).name; }

std::optional<DocumentKind> kind_of(const YamlNode& document) {
  if (document.entries().empty()) return std::nullopt;
  for (const Folder& folder : kFolders) {
    if (document.entries().front().key == folder.name) return folder.kind;
  }
  return std::nullopt;
}

bool is_path(const std::string& reference) {
  return reference.find('/') != std::string::npos || reference.ends_with(".yaml");
}

fs::path Library::default_root() {
  const char* home = std::getenv("EINLOOM_HOME");
  return home != nullptr && *home != '\0' ? fs::path(home) : fs::path(EINLOOM_DATA_DIR);
}

std::vector<std::string> Library::names(DocumentKind kind) const {
  std::vector<std::string> names;
  for (const fs::path& file : files_of(root_, folder_of(kind))) names.push_back(file.stem().string());
  return names;
}

fs::path Library::find(DocumentKind kind, const std::string& reference, const Span& asked_at) const {
  const Folder& folder = folder_of(kind);
  if (is_path(reference)) {
    const fs::path path = reference;
    if (path.is_absolute() || !asked_at.file) return shown(path);
    return shown(fs::path(asked_at.file->path).parent_path() / path);
  }
  const std::vector<fs::path> files = files_of(root_, folder);
  for (const fs::path& file : files) {
    if (file.stem() == reference) return shown(file);
  }
  Diagnostic error{"unknown-document",
                   fmt::format("there is no {} named `{}`; names are files of {} and paths end in .yaml", folder.name,
                               reference, (shown(root_) / folder.path).lexically_normal().string()),
                   asked_at};
  error.with_help(files.empty() ? "the folder has no documents; is EINLOOM_HOME right?"
                                : suggestion(reference, names(kind)));
  throw UserError(std::move(error));
}

YamlNode Library::load(DocumentKind kind, const std::string& reference, const Span& asked_at) const {
  const fs::path path = find(kind, reference, asked_at);
  const auto known = loaded_.find(path.string());
  if (known != loaded_.end()) return known->second;
  try {
    return loaded_.emplace(path.string(), load_yaml(path)).first->second;
  } catch (const UserError& error) {
    // Errors about the file as a whole say nothing about who wanted it.
    std::vector<Diagnostic> diagnostics = error.diagnostics();
    for (Diagnostic& diagnostic : diagnostics) {
      if (diagnostic.span.line == 0 && asked_at.line > 0) diagnostic.note("asked for here", asked_at);
    }
    throw UserError(std::move(diagnostics));
  }
}

std::string canonical_text(const YamlNode& node) {
  const auto quoted = [](const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  switch (node.kind()) {
    case YamlKind::null:
      return "null";
    case YamlKind::scalar:
      return quoted(node.text());
    case YamlKind::sequence: {
      std::string text = "[";
      for (const YamlNode& item : node.items()) text += (text.size() > 1 ? ", " : "") + canonical_text(item);
      return text + "]";
    }
    case YamlKind::map: {
      std::string text = "{";
      for (const YamlEntry& entry : node.entries()) {
        text += (text.size() > 1 ? ", " : "") + quoted(entry.key) + ": " + canonical_text(entry.value);
      }
      return text + "}";
    }
  }
  return "";
}

}  // namespace einloom
