module github.com/registrywatcher/registrywatcher/sdk/go

go 1.24
