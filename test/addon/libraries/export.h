#pragma once

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

EXPORT int wxpayCallFaceService(const char* request, unsigned int request_size, char** response,
                                unsigned int* response_size);
EXPORT void wxpayReleaseResponse(char** response);
