// SPDX-License-Identifier: Apache-2.0
// Files that are no documents, given to the program.
#include "errors/command.hpp"

namespace einloom::test {
namespace {

struct BadFile {
  std::string arguments;
  std::string expected;
};

void check_all(const TemporaryFolder& folder, const std::vector<BadFile>& cases) {
  for (const BadFile& each : cases) {
    DYNAMIC_SECTION("einloom " << each.arguments) {
      const Outcome outcome = einloom_in(folder, each.arguments);
      CHECK(outcome.err == each.expected);
      CHECK(outcome.out.empty());
      CHECK(outcome.exit_code == 1);
    }
  }
}

TEST_CASE("files that are no documents") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write("empty.yaml", "");
  folder.write("blank.yaml", " \n\n");
  folder.write("comment.yaml", "# nothing else\n");
  folder.write("binary.yaml", std::string("spec: x\n\x7f" "ELF\0\1", 14));
  folder.write("latin1.yaml", "spec: caf\xe9\n");
  folder.write("huge.yaml", "spec: x\n");
  std::filesystem::resize_file(folder.path() / "huge.yaml", 100 << 20);  // sparse: takes no room
  std::filesystem::create_directory(folder.path() / "folder.yaml");
  folder.write("text.yaml", "just words\n");
  folder.write("unclosed.yaml", "spec: {a: 1\n");
  check_all(folder, {
                        {"run empty.yaml", R"(?)"},
                        {"run blank.yaml", R"(?)"},
                        {"run comment.yaml", R"(?)"},
                        {"run binary.yaml", R"(?)"},
                        {"run latin1.yaml", R"(?)"},
                        {"run huge.yaml", R"(?)"},
                        {"describe huge.yaml", R"(?)"},
                        {"run folder.yaml", R"(?)"},
                        {"run speck.yaml", R"(?)"},
                        {"run no/such/spec.yaml", R"(?)"},
                        {"run spec.yaml/spec.yaml", R"(?)"},
                        {"describe /dev/null", R"(?)"},
                        {"run text.yaml", R"(?)"},
                        {"describe text.yaml", R"(?)"},
                        {"run unclosed.yaml", R"(?)"},
                        {"run fusemax_quickstrat", R"(?)"},
                        {"check attention_4pass", R"(?)"},
                    });
}

TEST_CASE("files that a document names") {
  const TemporaryFolder folder;
  write_documents(folder);
  const auto check_spec = [&](const std::string& spec, const std::string& expected) {
    folder.write("spec.yaml", spec);
    const Outcome outcome = einloom_in(folder, "run spec.yaml");
    CHECK(outcome.err == expected);
    CHECK(outcome.exit_code == 1);
  };
  check_spec(replaced(kSpec, "./plan.yaml", "./plam.yaml"), R"(?)");
  check_spec(replaced(kSpec, "./plan.yaml", "."), R"(?)");
  check_spec(replaced(kSpec, "./machine.yaml", "fusemx"), R"(?)");
  folder.write("plan.yaml", "");
  check_spec(kSpec, R"(?)");
}

TEST_CASE("a folder that must not be read") {
  const TemporaryFolder folder;
  folder.write("closed/spec.yaml", kSpec);
  std::filesystem::permissions(folder.path() / "closed", std::filesystem::perms::none);
  const Outcome outcome = einloom_in(folder, "run closed/spec.yaml");
  std::filesystem::permissions(folder.path() / "closed", std::filesystem::perms::owner_all);
  if (geteuid() == 0) {  // who may read everything gets to the next mistake: the documents are not there
    CHECK(outcome.err.find("error[file-missing]: ") != std::string::npos);
  } else {
    CHECK(outcome.err == "closed/spec.yaml: error[file-unreadable]: the file cannot be examined: Permission denied\n");
  }
  CHECK(outcome.exit_code == 1);
}

}  // namespace
}  // namespace einloom::test
