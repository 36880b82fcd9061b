// SPDX-License-Identifier: Apache-2.0
// The headers that all tests share are compiled with this file.
