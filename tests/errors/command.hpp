// SPDX-License-Identifier: Apache-2.0
// The einloom program as a user runs it, in a folder of the test's own.
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "errors/documents.hpp"
#include "unit/experiments/temporary_folder.hpp"

namespace einloom::test {

struct Outcome {
  int exit_code = 0;
  std::string out, err;  // with HERE for the test's folder and ROOT for the source tree
};

inline std::string with_placeholder(std::string text, const std::string& path, const std::string& placeholder) {
  for (auto at = text.find(path); at != std::string::npos; at = text.find(path, at)) {
    text.replace(at, path.size(), placeholder);
  }
  return text;
}

// Runs `einloom <arguments>` (shell syntax) in the folder, with the library at `home`.
inline Outcome einloom_in(const TemporaryFolder& folder, const std::string& arguments,
                          const std::string& home = EINLOOM_SOURCE_DIR) {
  const std::string command = "cd '" + folder.path().string() + "' && EINLOOM_HOME='" +
                              (home.starts_with("/") ? home : (folder.path() / home).string()) + "' '" +
                              EINLOOM_BINARY + "' " + arguments + " >.out 2>.err </dev/null";
  const int status = std::system(command.c_str());
  const auto shown = [&](const char* name) {
    return with_placeholder(with_placeholder(folder.read(name), folder.path().string(), "HERE"), EINLOOM_SOURCE_DIR,
                            "ROOT");
  };
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, shown(".out"), shown(".err")};
}

// A folder that holds the documents all cases start from, and a spec that runs them.
inline const std::string kSpec = R"(spec: tiny
configurations:
  only: {cascade: ./cascade.yaml, machine: ./machine.yaml, plan: ./plan.yaml}
set: {M: 8, K: 8, N: 8}
)";

inline const std::string kModel = R"(model: tiny_model
source: test
extents: {M: 8, N: 8}
from_seq_len: [K]
)";

inline void write_documents(const TemporaryFolder& folder, const Documents& documents = {}) {
  folder.write("cascade.yaml", documents.cascade);
  folder.write("machine.yaml",
               with_placeholder(documents.machine, "technology: tiny", "technology: ./technology.yaml"));
  folder.write("technology.yaml", kTechnology);
  folder.write("plan.yaml", documents.plan);
  folder.write("model.yaml", kModel);
  folder.write("spec.yaml", kSpec);
}

}  // namespace einloom::test
