// SPDX-License-Identifier: Apache-2.0
// The project's own files, for tests about them. Paths are relative to the root of the source tree.
#pragma once

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace einloom::test {

inline const std::vector<std::string> kFolders = {"base", "einsum", "arch", "mappings", "sim", "experiments"};

inline std::filesystem::path in_tree(const std::string& path) {
  return std::filesystem::path(EINLOOM_SOURCE_DIR) / path;
}

inline std::string text_of(const std::string& path) {
  std::ifstream file(in_tree(path), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// All files below a folder, sorted; only those with one of `endings` when any are given.
inline std::vector<std::string> files_below(const std::string& folder, const std::vector<std::string>& endings = {}) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(in_tree(folder))) {
    const std::string ending = entry.path().extension().string();
    if (!entry.is_regular_file()) continue;
    if (!endings.empty() && std::find(endings.begin(), endings.end(), ending) == endings.end()) continue;
    files.push_back(std::filesystem::relative(entry.path(), EINLOOM_SOURCE_DIR).generic_string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline std::vector<std::string> sources_below(const std::string& folder) {
  return files_below(folder, {".cpp", ".hpp"});
}

// What git keeps; empty where the tree is no checkout or git is missing.
inline std::vector<std::string> versioned_files() {
  const std::string command = "git -C '" + std::string(EINLOOM_SOURCE_DIR) + "' ls-files -z 2>/dev/null";
  std::string output;
  if (FILE* pipe = popen(command.c_str(), "r")) {
    char block[4096];
    for (std::size_t count = 0; (count = fread(block, 1, sizeof block, pipe)) > 0;) output.append(block, count);
    pclose(pipe);
  }
  std::vector<std::string> files;
  for (std::size_t begin = 0; begin < output.size();) {
    const std::size_t end = output.find('\0', begin);
    const std::string file = output.substr(begin, end - begin);
    if (std::filesystem::is_regular_file(in_tree(file))) files.push_back(file);
    begin = end + 1;
  }
  return files;
}

}  // namespace einloom::test
