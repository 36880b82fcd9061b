// SPDX-License-Identifier: Apache-2.0
// Nothing: the owner of the headers that the tests share (tests/CMakeLists.txt).
